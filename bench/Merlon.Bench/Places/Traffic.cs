using System.Buffers.Binary;
using System.Net;
using System.Numerics;
using Merlon.Datapath.Maps;
using Merlon.Datapath.Native;

namespace Merlon.Bench.Places;

/// <summary>Flows between the two guests of a place, played by XDP live frames at the host's ends of their interfaces: each frame enters
/// the host as if its guest had sent it, and is counted and dropped at the other guest's own end.</summary>
/// <remarks>TCP's sequence and acknowledgement numbers go on from frame to frame, so windows move as those of real connections.</remarks>
internal sealed unsafe class Traffic : IDisposable
{
    public const int MostFlows = 65536;
    private const int LiveFrames = 2, Batch = 64, ContextBytes = 24, BufferBytes = 192, BufferIfindex = 10;
    private readonly Place _place;
    private readonly BpfFd _generate, _serve;
    private readonly KernelMap _arrived;
    private readonly Mapping _course, _flows, _order;
    private int _proto;

    public Traffic(Place place, BenchObject helper)
    {
        _place = place;
        _generate = helper.Program("generate");
        _serve = helper.Program("serve");
        _arrived = helper.Map("arrived");
        _course = Shared(helper.Map("course"), sizeof(Course));
        _flows = Shared(helper.Map("flows"), sizeof(Flow) * (long)MostFlows);
        _order = Shared(helper.Map("order"), sizeof(ulong) * (long)MostFlows);
        foreach (var guest in place.Guests) helper.Attach(guest, "eth0", "arrive", Bpf.AttachTcxIngress);
    }

    // SAFETY: array maps of these sizes, mapped for as long as this lives; only this process's runs of generate() write there too.
    private ref Course Course => ref *(Course*)_course.Start;

    public long Sent => (long)Course.Sent;

    public long Arrived => (long)_arrived.Sum(0);

    /// <summary>Frames at a guest that they were not for.</summary>
    public long Strays => (long)_arrived.Sum(1);

    /// <summary>New flows, unknown to everybody.</summary>
    /// <param name="count">A power of two, at most <see cref="MostFlows"/>.</param>
    /// <param name="firstPort">Of the opener, which is a.</param>
    public void Lay(int proto, int count, int firstPort) => Lay(proto, count, firstPort, Math.Min(count, 16384), fresh: false);

    /// <summary>From now on every frame of a's is the first of a flow: a's ports are counted on, at each of 64 services.</summary>
    public void LayFresh(int proto) => Lay(proto, 64, 1, perService: 1, fresh: true);

    private void Lay(int proto, int count, int firstPort, int perService, bool fresh)
    {
        if (!BitOperations.IsPow2(count) || count > MostFlows) throw new ArgumentOutOfRangeException(nameof(count));
        _proto = proto;
        for (var i = 0; i < count; i++)
        {
            ((Flow*)_flows.Start)[i] = new()
            {
                AddressA = Wire(Place.Address(0)),
                AddressB = Wire(Place.Address(1)),
                PortA = BinaryPrimitives.ReverseEndianness((ushort)(firstPort + i % perService)),
                PortB = BinaryPrimitives.ReverseEndianness((ushort)(BenchPolicy.FirstService + i / perService)),
                SeqA = (uint)i * 7919,
                SeqB = (uint)i * 104729,
            };
            ((ulong*)_order.Start)[i] = (ulong)i;
        }
        Course = new() { Sent = Course.Sent, Mask = (uint)count - 1, Fresh = fresh ? 1u : 0 };
    }

    /// <summary>From now on flows are served in this order, again and again.</summary>
    /// <param name="order">A power of two of them.</param>
    public void Serve(uint[] order)
    {
        if (!BitOperations.IsPow2(order.Length) || order.Length > MostFlows) throw new ArgumentOutOfRangeException(nameof(order));
        for (var i = 0; i < order.Length; i++) ((ulong*)_order.Start)[i] = order[i];
        Course.Mask = (uint)order.Length - 1;
        Course.Next = 0;
    }

    /// <summary>Establishes every flow that was laid: TCP's three steps, or one datagram each way.</summary>
    public void Open()
    {
        var count = (int)Course.Mask + 1;
        var (sent, arrived) = (Sent, Arrived);
        Step(0, FrameText.Syn, count);
        Step(1, FrameText.Syn | FrameText.Ack, count);
        if (_proto == FrameText.Tcp) Step(0, FrameText.Ack, count);
        Settle();
        if (Arrived - arrived != Sent - sent) throw new InvalidOperationException($"of {Sent - sent} frames that open {count} flows {Arrived - arrived} arrived");
    }

    /// <summary>Data of established flows from one side. On the thread of the place's host.</summary>
    public void Data(int source, int frames) => Run(FrameText.Of(source, _proto, FrameText.Push | FrameText.Ack), source, frames);

    /// <summary>Data of established flows from one side through the program in map <c>measured</c> alone: nothing leaves it. On the thread of the
    /// place's host.</summary>
    /// <returns>Time of a frame, in ns.</returns>
    public uint Serve(int source, int frames)
    {
        var frame = Prepare(FrameText.Of(source, _proto, FrameText.Push | FrameText.Ack), source);
        var buffer = stackalloc uint[BufferBytes / sizeof(uint)];
        new Span<uint>(buffer, BufferBytes / sizeof(uint)).Clear();
        buffer[BufferIfindex] = (uint)_place.Ifindex[source];
        // SAFETY: frame and buffer stay where they are for the call and carry their sizes.
        fixed (byte* data = frame)
            while (true)
            {
                var run = new TestRunOptions
                {
                    Size = (nuint)sizeof(TestRunOptions),
                    DataIn = data,
                    DataSizeIn = (uint)frame.Length,
                    ContextIn = buffer,
                    ContextSizeIn = BufferBytes,
                    Repeat = frames,
                };
                var result = LibBpf.TestRun(_serve, &run);
                if (result == -Libc.Eintr) continue;
                BpfError.Check(result, "test-run", "serving frames");
                return run.Duration;
            }
    }

    /// <summary>Waits until what is under way has arrived.</summary>
    public void Settle()
    {
        for (var i = 0; i < 100 && Arrived + Strays < Sent; i++) Thread.Sleep(1);
    }

    public void Dispose()
    {
        _course.Dispose();
        _flows.Dispose();
        _order.Dispose();
    }

    private void Step(int source, int flags, int frames) => _place.Host.Enter(() =>
    {
        Cpu.Stay();
        Run(FrameText.Of(source, _proto, (byte)flags, data: false), source, frames);
        return true;
    });

    private void Run(byte[] frame, int source, int frames)
    {
        Prepare(frame, source);
        var end = Sent + frames;
        var context = stackalloc uint[ContextBytes / sizeof(uint)] { 0, (uint)frame.Length, 0, (uint)_place.Ifindex[source], 0, 0 };
        // SAFETY: frame and context stay where they are for the call and carry their sizes.
        fixed (byte* data = frame)
            while (Sent < end)
            {
                var run = new TestRunOptions
                {
                    Size = (nuint)sizeof(TestRunOptions),
                    DataIn = data,
                    DataSizeIn = (uint)frame.Length,
                    ContextIn = context,
                    ContextSizeIn = ContextBytes,
                    Repeat = (int)(end - Sent),
                    Flags = LiveFrames,
                    BatchSize = Batch,
                };
                var result = LibBpf.TestRun(_generate, &run);
                // The runtime's own signals end a run early; the count says how far it came.
                if (result != -Libc.Eintr) BpfError.Check(result, "test-run", "sending live frames");
            }
    }

    private byte[] Prepare(byte[] frame, int source)
    {
        Course.Source = (uint)source;
        (Course.SumIp, Course.SumTcp) = FrameText.Sums(frame);
        return frame;
    }

    private static Mapping Shared(KernelMap map, long bytes) => new(map.Fd, (bytes + Environment.SystemPageSize - 1) / Environment.SystemPageSize * Environment.SystemPageSize, writable: true);

    private static uint Wire(string address) => BitConverter.ToUInt32(IPAddress.Parse(address).GetAddressBytes());
}
