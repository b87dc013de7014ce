namespace Merlon.Agent.Migration.Bus;

/// <summary>Numbers of the D-Bus specification.</summary>
internal enum DBusMessageType : byte { Invalid = 0, Call = 1, Return = 2, Error = 3, Signal = 4 }
