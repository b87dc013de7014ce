using Merlon.Contracts;

namespace Merlon.Controller;

/// <summary>Where one controller keeps its things; tests put all of it under one folder of their own.</summary>
/// <param name="Var">State, certificates.</param>
/// <param name="Run">Socket and lock.</param>
public sealed record ControllerPaths(string Var, string Run, string Pki, string Socket, string ApiFile)
{
    public string StateFile => Path.Combine(Var, "controller.db");
    public string FlowFile => Path.Combine(Var, "flows.db");
    public string LockFile => Path.Combine(Run, "controller.lock");

    public static ControllerPaths Of(InstancePaths paths) => new(paths.Var, paths.Run, paths.Pki, paths.ControllerSocket, paths.ApiFile);
}
