using Merlon.Datapath.Abi;
using Merlon.Policy.Model;

namespace Merlon.Datapath;

/// <summary>What one hook of the live program made of a test packet (MERLON_TRACE of abi.h).</summary>
/// <param name="Rule">Host rule id that decided; 0 = none did.</param>
/// <param name="SourceVnic">At to_vm: whose from_vm handed the packet over; 0 = it comes from outside.</param>
public readonly record struct HookTrace(bool Passed, Verdict Verdict, Reason Reason, uint Rule, uint SourceVnic);
