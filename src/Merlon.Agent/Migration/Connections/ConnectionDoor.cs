using System.Security.Cryptography;
using Merlon.Agent.Guests;
using Merlon.Agent.Sync;
using Merlon.Contracts.Api;
using Merlon.Datapath.Abi;
using Merlon.Datapath.Maps;

namespace Merlon.Agent.Migration.Connections;

/// <summary>GET and POST /v1/migration/UUID: the connections of a VM that leaves, and of one that comes. The board asks while QEMU, and with it the VM,
/// waits.</summary>
internal sealed class ConnectionDoor(HostKeeper keeper, ConnectionTable table, string host, string folder, ILogger log) : IDisposable
{
    private static readonly TimeSpan s_again = TimeSpan.FromMinutes(2);
    private readonly Receipts _receipts = new(folder);
    private readonly SemaphoreSlim _looks = new(1);
    private readonly Dictionary<Guid, (string Hash, MigrationRecord Receipt)> _taken = [];

    /// <summary>VMs whose connections travel, by a plan; null = no policy.</summary>
    public static IReadOnlySet<string> Carried(HostPlan? plan) =>
        (plan?.Nics ?? []).Where(n => n.Guard.CarryConnections).Select(n => n.Key.VmUuid).ToHashSet();

    public void Dispose() => _looks.Dispose();

    public IReadOnlyList<MigrationRecord> List() => _receipts.All;

    // Reads only, and does not wait for the mailbox, which may take longer than a VM can stand still. Each look goes over all connections of the host: one at a time.
    public async Task Save(HttpContext http)
    {
        var vm = Vm(http);
        await _looks.WaitAsync(http.RequestAborted);
        ConnectionSnapshot snapshot;
        try
        {
            snapshot = new(vm, host, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), Answered: true, 0, Look(vm));
        }
        finally
        {
            _looks.Release();
        }
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
            return TakeOnce(vm, body.GetBuffer().AsSpan(0, (int)body.Length));
        });
        Log.ConnectionsCame(log, receipt.Vm, receipt.From, receipt.Installed, receipt.Sent, receipt.Refused, receipt.LeftOut, receipt.Outcome);
        await http.Response.WriteAsJsonAsync(receipt, ApiJson.Default.MigrationRecord);
    }

    private IReadOnlyList<CarriedConnection> Look(Guid vm)
    {
        var nics = Nics(vm).Where(n => n.Guard.CarryConnections).ToDictionary(n => n.Vnic);
        if (nics.Count == 0) return [];
        // Of an adopted one nobody saw what was offered: what bounds it is of this host.
        var held = table.Held(nics.Keys.ToHashSet()).Where(h => (h.Record.Flags & ConnFlags.Revoked) == 0 && h.Record.State != ConnState.Reset && h.Record.Adopted == 0);
        var now = BootClock.NowNs;
        return [.. held.Select(h => (Nic: nics[h.Record.Side[h.Side].Vnic], Held: h)).Select(h => (h.Nic, Connection: CarriedConnection.From(h.Held, (ushort)h.Nic.Key.Index, now)))
            .Where(c => c.Nic.Addresses.Contains(c.Connection.Local)).Select(c => c.Connection)];
    }

    // The board that did not hear the answer brings the same again, and meanwhile the VM has run on.
    private MigrationRecord TakeOnce(Guid vm, ReadOnlySpan<byte> bytes)
    {
        var hash = Convert.ToHexString(SHA256.HashData(bytes));
        if (_taken.TryGetValue(vm, out var before) && before.Hash == hash && DateTimeOffset.UtcNow - before.Receipt.At < s_again) return before.Receipt;
        var receipt = Take(vm, bytes);
        foreach (var old in _taken.Where(t => DateTimeOffset.UtcNow - t.Value.Receipt.At >= s_again).Select(t => t.Key).ToList()) _taken.Remove(old);
        _taken[vm] = (hash, receipt);
        try
        {
            _receipts.Add(receipt);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.ReceiptLost(log, receipt.Vm, e.Message);
        }
        return receipt;
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
