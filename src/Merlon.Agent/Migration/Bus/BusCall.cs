using System.Buffers.Binary;

namespace Merlon.Agent.Migration.Bus;

/// <summary>One D-Bus message that came: what of it decides the answer (D-Bus specification, Message Protocol).</summary>
internal sealed record BusCall(byte Type, bool WantsAnswer, uint Serial, string Interface, string Member, string Destination, string Signature, byte[] Body)
{
    public const int HeadBytes = 16;
    public const byte MethodCall = 1;
    private const int MostFieldBytes = 16 << 10, MostBodyBytes = (1 << 20) + 1024;
    private const byte NoAnswer = 1, Answer = 2, Error = 3, ProtocolVersion = 1;
    private const byte InterfaceField = 2, MemberField = 3, ErrorField = 4, SerialField = 5, DestinationField = 6, SenderField = 7, SignatureField = 8;

    /// <summary>Bytes that follow the head. Throws <see cref="FormatException"/> for what is no message, or too long.</summary>
    public static int Rest(ReadOnlySpan<byte> head)
    {
        var (body, fields) = (BinaryPrimitives.ReadUInt32LittleEndian(head[4..]), BinaryPrimitives.ReadUInt32LittleEndian(head[12..]));
        if (head[0] != 'l' || head[3] != ProtocolVersion || fields > MostFieldBytes || body > MostBodyBytes) throw new FormatException("no message, or too long a one");
        return (int)((fields + 7) / 8 * 8 + body);
    }

    /// <summary>Throws <see cref="FormatException"/>.</summary>
    public static BusCall Read(ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest)
    {
        var fields = (int)BinaryPrimitives.ReadUInt32LittleEndian(head[12..]);
        var texts = new Dictionary<byte, string>();
        // The fields begin at a multiple of eight.
        for (var reader = new BusReader(rest[..fields]); !reader.AtEnd;)
        {
            reader.Align(8);
            var code = reader.Byte();
            switch (reader.Signature())
            {
                case "s" or "o":
                    texts[code] = reader.Text();
                    break;
                case "g":
                    texts[code] = reader.Signature();
                    break;
                case "u":
                    reader.U32();
                    break;
                default:
                    throw new FormatException("a header field of another type");
            }
        }
        string Text(byte code) => texts.GetValueOrDefault(code, "");
        return new(head[1], (head[2] & NoAnswer) == 0, BinaryPrimitives.ReadUInt32LittleEndian(head[8..]), Text(InterfaceField), Text(MemberField), Text(DestinationField),
            Text(SignatureField), rest[((fields + 7) / 8 * 8)..].ToArray());
    }

    /// <summary>The answer to it.</summary>
    /// <param name="signature">Of the body; empty = there is none.</param>
    public byte[] Answered(string signature, Action<BusWriter>? body = null) => Message(Answer, null, signature, body);

    public byte[] Refused(string error, string text) => Message(Error, error, "s", w => w.Text(text));

    private byte[] Message(byte type, string? error, string signature, Action<BusWriter>? body)
    {
        var content = new BusWriter();
        body?.Invoke(content);
        var message = new BusWriter().Byte((byte)'l').Byte(type).Byte(NoAnswer).Byte(ProtocolVersion).U32((uint)content.Written.Length).U32(Serial).Array(8, fields =>
        {
            fields.Align(8).Byte(SerialField).Signature("u").U32(Serial);
            fields.Align(8).Byte(SenderField).Signature("s").Text(Destination.Length > 0 ? Destination : VmBus.Self);
            if (error is not null) fields.Align(8).Byte(ErrorField).Signature("s").Text(error);
            if (signature.Length > 0) fields.Align(8).Byte(SignatureField).Signature("g").Signature(signature);
        });
        return message.Align(8).Raw(content.Written).Written;
    }
}
