using Merlon.Agent.Guests;
using Merlon.Agent.Sync;
using Merlon.Contracts.Api;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;

namespace Merlon.Agent.Migration.Connections;

/// <summary>GET and POST /v1/migration/UUID: the connections of a VM that leaves, and of one that comes. The board asks while QEMU, and with it the VM,
/// waits.</summary>
internal sealed class ConnectionDoor(HostKeeper keeper, ConnectionTable table, string host, string folder, ILogger log)
{
    private readonly Receipts _receipts = new(folder);

    /// <summary>VMs whose connections travel, by a plan; null = no policy.</summary>
    public static IReadOnlySet<string> Carried(HostPlan? plan) =>
        (plan?.Nics ?? []).Where(n => n.Guard.CarryConnections).Select(n => n.Key.VmUuid).ToHashSet();

    public IReadOnlyList<MigrationRecord> List() => _receipts.All;

    // Reads only, and waits for nobody: what the mailbox is at may take longer than a VM can stand still.
    public async Task Save(HttpContext http)
    {
        var vm = Vm(http);
        var nics = Nics(vm).Where(n => n.Guard.CarryConnections).ToDictionary(n => n.Vnic);
        var now = BootClock.NowNs;
        var held = nics.Count == 0 ? [] : table.Held(nics.Keys.ToHashSet()).Where(h => (h.Record.Flags & ConnFlags.Revoked) == 0 && h.Record.State != ConnState.Reset);
        var snapshot = new ConnectionSnapshot(vm, host, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), Answered: true, 0,
            [.. held.Select(h => (Nic: nics[h.Record.Side[h.Side].Vnic], Held: h)).Select(h => (h.Nic, Connection: CarriedConnection.From(h.Held, (ushort)h.Nic.Key.Index, now)))
                .Where(c => c.Nic.Addresses.Contains(c.Connection.Local)).Select(c => c.Connection)]);
        var bytes = snapshot.Write();
        Log.ConnectionsLeft(log, vm, snapshot.Connections.Count, bytes.Length);
        http.Response.ContentType = "application/octet-stream";
        await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
    }

    public async Task Load(HttpContext http)
    {
        var vm = Vm(http);
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted); // Kestrel bounds it
        var receipt = await keeper.Box.Ask(() =>
        {
            // The board has given up and comes again.
            http.RequestAborted.ThrowIfCancellationRequested();
            var taken = Take(vm, body.GetBuffer().AsSpan(0, (int)body.Length));
            _receipts.Add(taken);
            return taken;
        });
        Log.ConnectionsCame(log, receipt.Vm, receipt.From, receipt.Installed, receipt.Sent, receipt.Refused, receipt.LeftOut, receipt.Outcome);
        await http.Response.WriteAsJsonAsync(receipt, ApiJson.Default.MigrationRecord);
    }

    private MigrationRecord Take(Guid vm, ReadOnlySpan<byte> bytes)
    {
        var nics = Nics(vm);
        var name = nics.Count > 0 ? nics[0].Vm : vm.ToString();
        MigrationRecord Receipt(string outcome, ConnectionSnapshot? s, int installed = 0) => new(DateTimeOffset.UtcNow, name, vm.ToString(), s?.Host ?? "", host,
            s?.Connections.Count ?? 0, installed, (s?.Connections.Count ?? 0) - installed, s?.LeftOut ?? 0,
            s is null ? 0 : Math.Clamp(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - s.SentUnixMs, 0, int.MaxValue), outcome);
        ConnectionSnapshot snapshot;
        try
        {
            snapshot = ConnectionSnapshot.Read(bytes);
        }
        catch (FormatException)
        {
            return Receipt("unreadable", null);
        }
        if (snapshot.Vm != vm) return Receipt("unreadable", null); // another VM's: a clone
        if (!snapshot.Answered) return Receipt("no-agent", snapshot with { Connections = [] });
        var landing = new Landing(nics);
        if (landing.IsClosed) return Receipt("not-carried", snapshot);
        var installed = snapshot.Connections.Count(c => landing.Judge(c) is { } held && table.Bring(held).Refused == Reason.None);
        return Receipt(installed == snapshot.Connections.Count && snapshot.LeftOut == 0 ? "carried" : "partly", snapshot, installed);
    }

    private List<NicPlan> Nics(Guid vm) => [.. (keeper.Policy.Plan?.Nics ?? []).Where(n => n.Key.VmUuid == vm.ToString())];

    private static Guid Vm(HttpContext http) => Guid.TryParseExact((string)http.Request.RouteValues["vm"]!, "D", out var vm) ? vm
        : throw new RequestRefused("bad-request", "that is no UUID of a VM", "it is for the board");
}
