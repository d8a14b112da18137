using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

/// <summary>
/// Random cluster around one <see cref="TrainingRun"/>, drawn from a seed: results arrive in any order, twice or never; workers join,
/// leave, hang and fail. Checks every effect.
/// </summary>
internal sealed class RunModel : IDisposable
{
    private const int Length = 5;

    private readonly Random _random;
    private readonly RunSettings _settings;
    private readonly TrainingRun _run;
    private readonly BufferPool _pool = new(Length);
    private readonly Dictionary<RoundKind, SubtreeSums> _sums;
    private readonly List<ResultArrived> _onTheWay = [];
    private readonly List<ParticipantId> _alive = [];
    private readonly HashSet<int> _counted = [];
    private readonly Queue<RunInput> _inputs = new();
    private int _joined;
    private TimeSpan _now;
    private ResultArrived? _arriving;

    public RunModel(int seed)
    {
        _random = new Random(seed);
        int shards = 1 << _random.Next(6);
        int epochs = _random.Next(1, 4);
        int steps = _random.Next(1, 4);
        _settings = new()
        {
            TotalSteps = epochs * steps,
            EpochEnds = [.. Enumerable.Range(1, epochs).Select(epoch => (long)epoch * steps)],
            Trees = new(new(shards, shards * _random.Next(1, 5)), new(4, 10), _random.Next(2) == 0 ? new(2, 5) : null),
            MinWorkers = _random.Next(1, 3),
        };
        _run = new(_settings);
        State = _run.Begin();
        _sums = Enum.GetValues<RoundKind>().Where(kind => kind != RoundKind.Validation || _settings.Trees.Validation is not null)
            .ToDictionary(kind => kind, kind => new SubtreeSums(_settings.Trees.Of(kind).Shards));
    }

    public RunState State { get; private set; }

    public int Evaluations { get; private set; }

    public long StepsSeen { get; private set; }

    public List<string> History { get; } = [];

    /// <summary>Random faults for 200 events, then none: the run must end.</summary>
    public void Run()
    {
        for (int i = 0; i < 200 && State.Outcome is null; i++)
        {
            Disturb();
        }

        for (int calm = 0; State.Outcome is null; calm++)
        {
            Assert.True(calm < 10_000, $"the run is stuck in {State}");
            if (_alive.Count < _settings.MinWorkers + 1)
            {
                Join();
            }
            else if (_onTheWay.Count > 0)
            {
                Deliver(_random.Next(_onTheWay.Count), keep: false);
            }
            else
            {
                Pass(TimeSpan.FromMinutes(2));
            }
        }
    }

    public void Dispose() => _pool.Dispose();

    private void Disturb()
    {
        int choice = _random.Next(100);
        if (choice < 5)
        {
            Join();
        }
        else if (choice < 8 && _alive.Count > 0)
        {
            Lose(_alive[_random.Next(_alive.Count)]);
        }
        else if (choice < 12)
        {
            Pass(TimeSpan.FromMilliseconds(_random.Next(90_000)));
        }
        else if (_onTheWay.Count > 0)
        {
            int which = _random.Next(_onTheWay.Count);
            if (choice < 16)
            {
                History.Add($"lost on the way: {_onTheWay[which]}");
                _onTheWay.RemoveAt(which);
            }
            else if (choice < 20)
            {
                Fail(which);
            }
            else
            {
                Deliver(which, keep: choice < 35);
            }
        }
        else
        {
            Pass(TimeSpan.FromMilliseconds(_random.Next(100)));
        }
    }

    private void Join()
    {
        var worker = new ParticipantId($"worker-{++_joined}");
        _alive.Add(worker);
        Feed(new ParticipantReady(worker));
    }

    private void Lose(ParticipantId worker)
    {
        _alive.Remove(worker);
        // Results that it sent may still arrive, or not.
        _onTheWay.RemoveAll(result => result.Participant == worker && _random.Next(2) == 0);
        Feed(new ParticipantGone(worker, LossCause.LinkClosed, "killed"));
    }

    private void Pass(TimeSpan time)
    {
        _now += time;
        Feed(Tick.Now);
    }

    private void Fail(int which)
    {
        ResultArrived work = _onTheWay[which];
        _onTheWay.RemoveAt(which);
        // Every shard fails at most once; otherwise "every worker failed" would rightly end the run.
        if (State.Round is { } round && round.Id == work.Round && round.Failures.IsEmpty && _alive.Count > 1)
        {
            Feed(new AssignmentFailed(work.Participant, work.Round, _settings.Trees.Of(work.Round.Kind).ShardsOf(work.Subtree), "out of memory"));
        }
    }

    private void Deliver(int which, bool keep)
    {
        _now += TimeSpan.FromMilliseconds(_random.Next(1, 20));
        ResultArrived result = _onTheWay[which];
        if (!keep)
        {
            _onTheWay.RemoveAt(which);
        }

        _arriving = result;
        Feed(result);
        _arriving = null;
    }

    private void Feed(RunInput first)
    {
        _inputs.Enqueue(first);
        while (_inputs.TryDequeue(out RunInput? input))
        {
            History.Add($"{_now.TotalMilliseconds:0} {input}");
            (State, var effects) = _run.Decide(State, input, _now);
            foreach (RunEffect effect in effects)
            {
                History.Add($"    {effect}");
                Perform(effect);
            }
        }
    }

    private void Perform(RunEffect effect)
    {
        switch (effect)
        {
            case AssignShards assign:
                Assert.Contains(assign.Participant, _alive);
                Assert.Equal(State.Round!.Id, assign.Round);
                _onTheWay.AddRange(_settings.Trees.Of(assign.Round.Kind).SubtreesOf(assign.Shards).Select(subtree => new ResultArrived(assign.Participant, assign.Round, subtree)));
                break;
            case AcceptResult accept:
                Accept(accept);
                break;
            case TakeStep take:
                Assert.Equal(new RoundId(StepsSeen, RoundKind.Gradient), take.Round);
                CheckSum(take.Round);
                StepsSeen++;
                _inputs.Enqueue(new StepTaken(StepsSeen, null));
                break;
            case TakeEvaluation take:
                CheckSum(take.Round);
                Evaluations++;
                _inputs.Enqueue(new EvaluationTaken(take.Round, new(1, 0.5, 10)));
                break;
            case AbandonRound abandon:
                _sums[abandon.Round.Kind].Clear();
                _counted.Clear();
                break;
            default:
                break;
        }
    }

    private void Accept(AcceptResult accept)
    {
        Assert.Equal(_arriving!.Subtree, accept.Subtree);
        ReductionTree tree = _settings.Trees.Of(_arriving.Round.Kind);
        ShardRange shards = tree.ShardsOf(accept.Subtree);
        for (int shard = shards.Start; shard < shards.End; shard++)
        {
            Assert.True(_counted.Add(shard), $"shard {shard} of {_arriving.Round} is counted twice");
        }

        RefCountedBuffer sum = _pool.Rent();
        ReferenceSum.Of(Shards(_arriving.Round, shards)).CopyTo(sum.Span);
        _sums[_arriving.Round.Kind].Put(accept.Subtree, sum);
    }

    private void CheckSum(RoundId round)
    {
        ReductionTree tree = _settings.Trees.Of(round.Kind);
        Assert.Equal(tree.Shards, _counted.Count);
        SubtreeSums sums = _sums[round.Kind];
        float[] sum = new float[Length];
        sums.SumInto(0, sum, new float[sums.ScratchLength(Length)]);
        Assert.Equal(
            ReferenceSum.Of(Shards(round, new(0, tree.Shards))).Select(BitConverter.SingleToInt32Bits),
            sum.Select(BitConverter.SingleToInt32Bits));
        sums.Clear();
        _counted.Clear();
    }

    private static float[][] Shards(RoundId round, ShardRange range) =>
        [.. Enumerable.Range(range.Start, range.Count).Select(shard =>
        {
            var random = new Random(HashCode.Combine((int)round.Step, (int)round.Kind, shard));
            return Enumerable.Range(0, Length).Select(_ => (random.NextSingle() - 0.5f) * float.Pow(10, random.Next(-4, 5))).ToArray();
        })];
}
