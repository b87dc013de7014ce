namespace Merlon.Datapath.Abi;

/// <summary>Index into the map <c>counters</c>: <c>merlon_counter</c>. Stored: only grows.</summary>
public enum Counter
{
    EventsSent = 0,
    EventsLost = 1,
    DeniesLost = 2,
    ConnOpened = 3,
    ConnExpired = 4,
    Rejudged = 5,
    HandoffHit = 6,
    HandoffMiss = 7,
    TimerPasses = 8,
    Answers = 9,
    AnswersHeld = 10,
    ShortCut = 11,
    CapturesLost = 12,
    OneLook = 13,
    ClaimsHeld = 14,
    Adopted = 15,
    Count = 16,
}
