using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>
/// Network between the coordinator and its workers. A connection delivers in order or breaks; messages of different connections may
/// overtake each other. Each network interface sends one message after the other and, independently, receives one after the other.
/// </summary>
internal sealed class StarNetwork(EventQueue events, ClusterModel model, SplitMix random)
{
    private TimeSpan _outFree;
    private TimeSpan _inFree;

    /// <summary>Coordinator to worker.</summary>
    public void SendDown(Connection connection, long bytes, Action deliver)
    {
        _outFree = Later(_outFree, events.Now) + model.TransferTime(bytes);
        connection.LastDown = Later(connection.LastDown, _outFree + Delay());
        events.At(connection.LastDown, () => connection.Pass(deliver));
    }

    /// <summary>Worker to coordinator.</summary>
    public void SendUp(Connection connection, long bytes, Action deliver)
    {
        TimeSpan transfer = model.TransferTime(bytes);
        TimeSpan begin = Later(connection.OutFree, events.Now);
        connection.OutFree = begin + transfer;
        connection.LastUp = Later(connection.LastUp, begin + Delay());
        events.At(connection.LastUp, () => connection.Pass(() =>
        {
            _inFree = Later(_inFree, events.Now) + transfer;
            events.At(_inFree, deliver);
        }));
    }

    private TimeSpan Delay() => model.Jitter > TimeSpan.Zero ? model.Latency + random.Time(model.Jitter) : model.Latency;

    private static TimeSpan Later(TimeSpan a, TimeSpan b) => a > b ? a : b;
}

/// <summary>The TCP connection of one incarnation of a worker.</summary>
internal sealed class Connection(ParticipantId worker, Machine machine, SplitMix random)
{
    private readonly Queue<Action> _held = new();

    public ParticipantId Participant => worker;

    public Machine Machine => machine;

    public bool Open { get; private set; } = true;

    /// <summary>Step whose model state was sent last.</summary>
    public long SentStep { get; set; } = -1;

    public TimeSpan LastDown { get; set; }

    public TimeSpan LastUp { get; set; }

    public TimeSpan OutFree { get; set; }

    /// <summary>Delivers a message. After the connection broke, it is lost or was still in the receiver's buffers.</summary>
    public void Pass(Action deliver)
    {
        if (!Open && random.Below(2) == 0)
        {
            return;
        }

        if (Open && machine.Partitioned)
        {
            _held.Enqueue(deliver);
            return;
        }

        deliver();
    }

    /// <summary>Ends a partition: TCP retransmits the messages it held back, in order.</summary>
    public void Heal()
    {
        while (_held.TryDequeue(out Action? deliver))
        {
            Pass(deliver);
        }
    }

    public void Close() => Open = false;
}
