using System.Collections.Immutable;
using System.Text.Json;
using Merlon.Contracts.Api;
using Merlon.Contracts.Wire;
using Merlon.Controller.Flows;
using Merlon.Controller.Inventory;
using Merlon.Controller.Rules;
using Merlon.Policy.Model;

namespace Merlon.Controller.Agents;

/// <summary>Puts each message of an agent where it belongs, after checking it.</summary>
internal sealed class AgentInbox(HostRegistry registry, Applier applier, FlowLog flows, TimeProvider clock)
{
    private const int StatusBytes = 4 << 20;
    private const ulong MostAgeMs = 10UL * 365 * 86_400_000;

    public void Hello(Hello hello)
    {
        applier.Meet(hello.HostUuid, hello.Sequence);
        registry.Name(hello.HostUuid, hello.Host);
        registry.Update(hello.HostUuid, h => h with { Connected = true, LastSeen = clock.GetUtcNow(), Since = clock.GetUtcNow(), Applied = hello.Sequence, Error = null });
    }

    public async ValueTask Receive(AgentSession session, AgentMessage message)
    {
        var host = session.HostUuid;
        registry.Update(host, h => h with { LastSeen = clock.GetUtcNow() });
        switch (message.BodyCase)
        {
            case AgentMessage.BodyOneofCase.Inventory:
                await Inventory(session, message.Inventory);
                break;
            case AgentMessage.BodyOneofCase.Applied:
                Applied(host, message.Applied);
                break;
            case AgentMessage.BodyOneofCase.Flows:
                var through = flows.Append(host, registry.Find(host)?.Name ?? host, message.Flows);
                await session.Send(new() { FlowAck = new() { Through = through, Incarnation = message.Flows.Incarnation } });
                break;
            case AgentMessage.BodyOneofCase.Claims:
                await Claims(session, message.Claims);
                break;
            case AgentMessage.BodyOneofCase.Status:
                Status(host, message.Status);
                break;
            case AgentMessage.BodyOneofCase.Answer:
                session.Answered(message.Answer);
                break;
            default:
                throw Expect.Broken("body", $"{message.BodyCase} is not expected here");
        }
    }

    private async ValueTask Inventory(AgentSession session, HostInventory inventory)
    {
        var number = inventory.Number;
        inventory.Number = 0; // of the message, not of the host: kept, every one would be news
        await applier.Take(session.HostUuid, inventory);
        if (number == 0) return;
        // A host whose policy could not be made has no answer yet: what its VMs carry goes on to rule.
        session.Owed = number;
        await Answer(session);
    }

    /// <summary>Tells an agent which policy follows from its newest inventory, once there is one.</summary>
    public async ValueTask Answer(AgentSession session)
    {
        var number = session.Owed;
        var state = applier.State; // with that inventory in it, since it is read later
        if (number > 0 && state.Plans.ContainsKey(session.HostUuid) && session.Settle(number))
            await session.Send(new() { InventoryTaken = new() { Number = number, Sequence = state.Hosts.Messages.GetValueOrDefault(session.HostUuid)?.Sequence ?? 0 } });
    }

    private async ValueTask Claims(AgentSession session, AddressClaims message)
    {
        Expect.Count(message.Claims.Count, Limits.Claims, "claims.claims");
        await applier.Learn(session.HostUuid, [.. message.Claims.Select(Claim)]);
        await session.Send(new() { ClaimsTaken = new() { Number = message.Number } });
    }

    private static LearnedClaim Claim(LearnedAddress m)
    {
        Expect.That(m.NicIndex < Limits.NicsOfVm, "claims.claims.nic_index", $"{m.NicIndex} is not below {Limits.NicsOfVm}");
        Expect.That((LearnBy)m.By is LearnBy.Dhcp or LearnBy.Arp, "claims.claims.by", $"{m.By} is no one LearnBy");
        Expect.That((m.LeaseSeconds > 0) == ((LearnBy)m.By == LearnBy.Dhcp), "claims.claims.lease_seconds", "is not a lease's");
        Expect.That(m.AgeMs <= MostAgeMs, "claims.claims.age_ms", $"{m.AgeMs} is out of range");
        return new(new(Expect.Uuid(m.VmUuid, "claims.claims.vm_uuid"), (int)m.NicIndex), Expect.Address(m.Address.Span, "claims.claims.address"), (LearnBy)m.By,
            m.LeaseSeconds is 0 or uint.MaxValue ? null : TimeSpan.FromSeconds(m.LeaseSeconds), TimeSpan.FromMilliseconds(m.AgeMs));
    }

    private void Applied(string host, PolicyReport report)
    {
        Expect.Count(report.Nics.Count, Limits.Nics, "applied.nics");
        Expect.Count(report.Claims.Count, Limits.Endpoints, "applied.claims");
        registry.Update(host, h => h with
        {
            Applied = report.Applied ? report.Sequence : h.Applied,
            Error = report.Applied ? null : Shown(report.Error),
            Nics = [.. report.Nics],
            Claims = [.. report.Claims],
            // Else it would say the old number beside the new interfaces until the next status comes.
            Status = h.Status is { } status ? status with { Attached = report.Nics.Count(n => n.Attached) } : null,
        });
    }

    private void Status(string host, Contracts.Wire.HostStatus message)
    {
        Expect.That(message.Json.Length <= StatusBytes, "status.json", "is too long");
        Expect.Count(message.Hits.Count, Limits.Rules, "status.hits");
        Expect.Count(message.Would.Count, Limits.Rules, "status.would");
        try
        {
            var status = JsonSerializer.Deserialize(message.Json, ApiJson.Default.HostStatus);
            Expect.That(status is { Alarms: not null, Interfaces: not null } && !status.Alarms.Contains(null!) && !status.Interfaces.Contains(null!), "status.json", "is incomplete");
            registry.Update(host, h => h with { Status = status, Hits = message.Hits.ToImmutableDictionary(), Would = message.Would.ToImmutableDictionary() });
        }
        catch (JsonException e)
        {
            throw Expect.Broken("status.json", e.Message);
        }
    }

    // A peer's words go to terminals and logs.
    private static string Shown(string text) =>
        string.Concat(text.Take(Limits.NameLength).Select(c => char.IsControl(c) ? ' ' : c));
}
