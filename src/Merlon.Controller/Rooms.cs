using Merlon.Controller.Agents;
using Merlon.Controller.Flows;
using Merlon.Controller.Inventory;
using Merlon.Controller.Rules;
using Merlon.Controller.Store;

namespace Merlon.Controller;

/// <summary>The parts of one controller, made once; its two doors (API, agents) serve the same ones.</summary>
internal sealed record Rooms(IStateStore Store, FlowLog Flows, HostInventories Inventories, HostRegistry Registry, Applier Applier, TimeProvider Clock) : IDisposable
{
    public static Rooms Open(ControllerPaths paths, TimeProvider clock, ILoggerFactory logs)
    {
        SqliteStateStore? store = null;
        FlowLog? flows = null;
        try
        {
            store = new SqliteStateStore(paths.StateFile);
            flows = new FlowLog(paths.FlowFile);
            var inventories = new HostInventories(store);
            return new(store, flows, inventories, new(store), new(store, inventories, clock, logs.CreateLogger<Applier>()), clock);
        }
        catch (Exception e)
        {
            flows?.Dispose();
            store?.Dispose();
            if (e is System.Text.Json.JsonException or FormatException or Google.Protobuf.InvalidProtocolBufferException or Microsoft.Data.Sqlite.SqliteException)
                throw new StartException($"the state in {paths.StateFile} cannot be read: {e.Message}", e);
            throw;
        }
    }

    public void Dispose()
    {
        Applier.Dispose();
        Flows.Dispose();
        Store.Dispose();
    }
}
