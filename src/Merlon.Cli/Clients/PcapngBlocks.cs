using System.Buffers.Binary;

namespace Merlon.Cli.Clients;

/// <summary>Copies pcapng whole block by whole block, so that a file that ends at any moment is one that opens, and counts.</summary>
internal sealed class PcapngBlocks
{
    private const uint Statistics = 5, Packet = 6;
    private const int Head = 8, LeastBlock = 12, MostBlock = 1 << 16, DropsCode = 5, StatisticsOptions = 20;

    public long Packets { get; private set; }

    /// <summary>Frames that were not captured, as the last statistics say.</summary>
    public long Lost { get; private set; }

    /// <summary>Until the sender ends, or the caller has enough.</summary>
    public async Task Copy(Stream from, Stream to, CancellationToken cancel)
    {
        var block = new byte[MostBlock];
        try
        {
            while (await from.ReadAtLeastAsync(block.AsMemory(0, Head), Head, throwOnEndOfStream: false, cancel) == Head)
            {
                var length = BinaryPrimitives.ReadUInt32LittleEndian(block.AsSpan(4));
                if (length is < LeastBlock or > MostBlock) throw new CliException("the agent's answer is no capture", "are both sides of the same version?");
                await from.ReadExactlyAsync(block.AsMemory(Head, (int)length - Head), cancel);
                Count(block.AsSpan(0, (int)length));
                await to.WriteAsync(block.AsMemory(0, (int)length), CancellationToken.None);
                await to.FlushAsync(CancellationToken.None);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Ctrl-C is how a capture without a limit ends.
        }
        catch (Exception e) when (e is EndOfStreamException or HttpIOException)
        {
            throw new CliException("the capture broke off: the agent is gone", "what came before is in the file");
        }
    }

    private void Count(ReadOnlySpan<byte> block)
    {
        var type = BinaryPrimitives.ReadUInt32LittleEndian(block);
        if (type == Packet) Packets++;
        if (type == Statistics && block.Length >= StatisticsOptions + 12 && BinaryPrimitives.ReadUInt16LittleEndian(block[StatisticsOptions..]) == DropsCode)
            Lost = BinaryPrimitives.ReadInt64LittleEndian(block[(StatisticsOptions + 4)..]);
    }
}
