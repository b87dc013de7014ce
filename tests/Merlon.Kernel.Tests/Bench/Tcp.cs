namespace Merlon.Kernel.Tests.Bench;

/// <summary>TCP flags as on the wire.</summary>
[Flags]
public enum Tcp { None = 0, Fin = 1, Syn = 2, Rst = 4, Psh = 8, Ack = 16, Urg = 32, SynAck = Syn | Ack, FinAck = Fin | Ack, RstAck = Rst | Ack }
