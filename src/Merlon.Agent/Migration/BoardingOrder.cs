using Merlon.Datapath.Abi;

namespace Merlon.Agent.Migration;

/// <summary>Which connections go first when there is no room for all: those whose loss somebody notices most, the ones in use before the idle.</summary>
internal static class BoardingOrder
{
    private const byte Tcp = 6, Sctp = 132;

    public static IEnumerable<TravellingConnection> Of(IEnumerable<TravellingConnection> all) =>
        all.Where(c => c.State is ConnState.New or ConnState.Replied or ConnState.Established or ConnState.Closing)
            .OrderBy(Class).ThenBy(c => c.Idle).ThenBy(c => c.Tuple);

    // An established TCP connection cannot be followed without its windows; a datagram opens its own anew.
    private static int Class(TravellingConnection c) => (c.State, c.Proto is Tcp or Sctp) switch
    {
        (ConnState.Established, true) => 0,
        (ConnState.Established or ConnState.Replied, false) => 1,
        (ConnState.Closing, _) => 2,
        _ => 3,
    };
}
