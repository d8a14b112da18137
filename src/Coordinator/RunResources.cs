using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;
using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>Buffers, threads and training state of one run. They outlive the run's actors.</summary>
internal sealed class RunResources : IDisposable
{
    private readonly Stack<IDisposable> _owned = new();

    private RunResources(TrainRequest request)
    {
        Layout = ParameterLayout.For(request.Spec.Model);
        ModelStates = Own(new BufferPool(Layout.StateLength));
        Gradients = Own(new BufferPool(Layout.GradientLength));
        Evaluations = Own(new BufferPool(Layout.EvaluationLength));
        Team = Own(new ThreadTeam(Environment.ProcessorCount));
        if (request.Cluster is { LinkAdvertise: null } && ModelStateExport.Create(ModelStates) is { } export)
        {
            Export = Own(export);
        }
    }

    /// <summary>Offsets of all tensors and metrics.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>Buffers of model states, of <see cref="ParameterLayout.StateLength"/> floats.</summary>
    public BufferPool ModelStates { get; }

    /// <summary>Buffers of partial sums of gradients, of <see cref="ParameterLayout.GradientLength"/> floats.</summary>
    public BufferPool Gradients { get; }

    /// <summary>Buffers of partial sums of metrics, of <see cref="ParameterLayout.EvaluationLength"/> floats.</summary>
    public BufferPool Evaluations { get; }

    /// <summary>Threads that compute the optimizer step.</summary>
    public ThreadTeam Team { get; }

    /// <summary>Shared memory of model states for the nodes of this host; null: none is exported.</summary>
    public ModelStateExport? Export { get; }

    /// <summary>Model state and optimizer state.</summary>
    public TrainingState State { get; private set; } = null!;

    /// <summary>Allocates the resources of a run and sets its initial state: drawn, read from a file, or restored.</summary>
    /// <param name="request">The run.</param>
    /// <param name="resume">Checkpoint to restore; null for a new run.</param>
    /// <exception cref="BadInputException">The initial parameters or the checkpoint cannot be used.</exception>
    public static RunResources Create(TrainRequest request, ResumePoint? resume)
    {
        var resources = new RunResources(request);
        try
        {
            resources.State = resources.Own(resources.InitialState(request, resume));
            return resources;
        }
        catch
        {
            resources.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_owned.TryPop(out IDisposable? resource))
        {
            resource.Dispose();
        }
    }

    private TrainingState InitialState(TrainRequest request, ResumePoint? resume)
    {
        var optimizer = Optimizer.For(request.Spec.Optimizer, Layout, request.Settings.TotalSteps);
        RefCountedBuffer initial = ModelStates.Rent();
        if (resume is not null)
        {
            Checkpoint.ReadModelState(resume.File, Layout, initial.Span);
        }
        else
        {
            ParameterInitializer.Initialize(Layout, request.Spec.Seed, initial.Span);
            if (request.InitFrom is { } path)
            {
                ModelFile.Read(path, Layout.Tensors, initial.Span);
            }
        }

        TrainingState state = new(
            Layout, request.Settings.Trees.Minibatch, optimizer, ModelStates, Team, initial, resume?.Position.Step ?? 0);
        if (resume is not null)
        {
            Checkpoint.ReadOptimizerState(resume.File, Layout, state.OptimizerState);
            RestoreBest(resume, state);
        }

        return state;
    }

    private void RestoreBest(ResumePoint resume, TrainingState state)
    {
        RefCountedBuffer best = ModelStates.Rent();
        if (Checkpoint.TryReadBest(resume.File, Layout, best.Span))
        {
            state.RestoreKeptState(best);
        }
        else
        {
            best.Release();
        }
    }

    private T Own<T>(T resource)
        where T : IDisposable
    {
        _owned.Push(resource);
        return resource;
    }
}
