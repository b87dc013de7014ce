using Merlon.Contracts.Pki;
using Merlon.Controller;
using Merlon.Controller.Api;

switch (args)
{
    case ["run", .. var rest]:
        try
        {
            var options = RunOptions.Parse(rest);
            await using var controller = await ControllerProcess.Start(ControllerPaths.Of(options.Paths), options.Address, options.Port);
            await controller.WaitForShutdown();
            return 0;
        }
        catch (Exception e) when (e is StartException or PkiException)
        {
            Console.Error.WriteLine($"merlon-controller: {e.Message}");
            return 1;
        }
    case ["rotate-policy-key", .. var rest]:
        try
        {
            var pki = ControllerPaths.Of(RunOptions.Parse(rest).Paths).Pki;
            PolicySigner.Rotate(pki);
            Console.WriteLine($"{pki}/policy.key is new; start the controller again, and put the new policy.pub into /etc/merlon/trust of other hosts");
            return 0;
        }
        catch (Exception e) when (e is StartException or PkiException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"merlon-controller: {e.Message}");
            return 1;
        }
    case ["--version"]:
        Console.WriteLine($"merlon-controller {ProductVersion.Text}");
        return 0;
    case ["--help" or "-h" or "help"]:
        Console.WriteLine(RunOptions.Usage);
        return 0;
    case [var first, ..] when first.StartsWith("--applicationName=", StringComparison.Ordinal):
        // The build asks for the API's description (Microsoft.Extensions.ApiDescription.Server).
        ApiServer.BuildForDescription().Run();
        return 0;
    default:
        Console.Error.WriteLine(RunOptions.Usage);
        return 1;
}
