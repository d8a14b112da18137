using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;
using NnCluster.Persistence;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Persistence;

public sealed class CheckpointWriterTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private static readonly ModelSpec Model = new() { Inputs = 3, Outputs = 2, Hidden = [new() { Units = 4 }] };

    private readonly TemporaryDirectory _directory = new();
    private readonly ParameterLayout _layout = ParameterLayout.For(Model);
    private readonly BufferPool _parameters;
    private readonly ThreadTeam _team = new(1);
    private readonly TrainingState _state;

    public CheckpointWriterTests()
    {
        _parameters = new(_layout.StateLength);
        RefCountedBuffer initial = _parameters.Rent();
        initial.Span.Fill(0.5f);
        var optimizer = Optimizer.Create(new OptimizerSpec().Resolve(), _layout.Tensors, _layout.StateLength, 10);
        _state = new(_layout, new ReductionTree(1, 8), optimizer, _parameters, _team, initial, 7);
    }

    private RunPaths Paths => new(_directory.Path);

    public void Dispose()
    {
        _state.Dispose();
        _team.Dispose();
        _parameters.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_write_ends_with_the_file_on_disk_and_its_duration()
    {
        using CheckpointWriter writer = Writer();

        CheckpointStored stored = Assert.IsType<CheckpointStored>(await writer.WriteAsync(_state).WaitAsync(Timeout));

        Assert.Equal((7L, Paths.Checkpoint(7)), (stored.Step, stored.Path));
        Assert.True(stored.Took > TimeSpan.Zero);
        Assert.Equal(new("0123", 7, 2, "{}", "{}"), Checkpoint.Read(stored.Path).Position);
    }

    [Fact]
    public async Task A_write_that_fails_says_why_and_the_next_one_is_written()
    {
        bool full = true;
        using CheckpointWriter writer = Writer(() =>
        {
            if (full)
            {
                throw new IOException("the disk is full");
            }
        });

        Assert.Equal(new CheckpointNotStored(7, "the disk is full"), await writer.WriteAsync(_state).WaitAsync(Timeout));
        full = false;
        Assert.IsType<CheckpointStored>(await writer.WriteAsync(_state).WaitAsync(Timeout));
    }

    [Fact]
    public async Task A_checkpoint_that_waits_is_superseded_by_a_newer_one()
    {
        using var writing = new SemaphoreSlim(0);
        using var mayWrite = new SemaphoreSlim(0);
        using CheckpointWriter writer = Writer(() =>
        {
            writing.Release();
            mayWrite.Wait(Timeout);
        });

        Task<CheckpointResult> first = writer.WriteAsync(_state);
        Assert.True(await writing.WaitAsync(Timeout));
        Task<CheckpointResult> second = writer.WriteAsync(_state);
        Task<CheckpointResult> third = writer.WriteAsync(_state);
        Assert.Equal(new CheckpointSuperseded(7), await second.WaitAsync(Timeout));
        Assert.False(first.IsCompleted || third.IsCompleted);
        mayWrite.Release(2);
        Assert.IsType<CheckpointStored>(await first.WaitAsync(Timeout));
        Assert.IsType<CheckpointStored>(await third.WaitAsync(Timeout));
    }

    [Fact]
    public async Task Disposing_writes_the_checkpoint_that_waits()
    {
        Task<CheckpointResult> last;
        using (CheckpointWriter writer = Writer(() => Thread.Sleep(20)))
        {
            _ = writer.WriteAsync(_state);
            last = writer.WriteAsync(_state);
        }

        Assert.True((await last.WaitAsync(Timeout)) is CheckpointStored);
        Assert.True(File.Exists(Paths.Checkpoint(7)));
    }

    private CheckpointWriter Writer(Action? before = null) => new(_layout, new("0123", 0, 2, "{}", "{}"), Paths.Checkpoint, [], before);
}
