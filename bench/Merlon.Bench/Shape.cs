namespace Merlon.Bench;

/// <summary>Shapes of rule sets. Acl, Fw and Ipc follow the seeds of ClassBench (Taylor, Turner: ClassBench: A Packet Classification
/// Benchmark, 2007): access lists name precise destinations and ports, firewalls many wildcards, IP chains a mixture of both.</summary>
public enum Shape { Acl, Fw, Ipc, Groups, Overlap }
