using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Merlon.Datapath.Abi;

/// <summary>Token buckets of one VM by <see cref="RateOf"/>: <c>merlon_rate</c>.</summary>
[InlineArray((int)RateOf.Count)]
public struct BudgetRates
{
    private Rate _first;

    [StructLayout(LayoutKind.Sequential)]
    public struct Rate
    {
        /// <summary>When the next one would be due if all came evenly; boot clock.</summary>
        public ulong NextNs;
        /// <summary>0 = no limit.</summary>
        public uint IntervalNs;
        /// <summary>Wraps.</summary>
        public uint Refused;
    }
}
