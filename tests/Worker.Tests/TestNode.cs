using System.Collections.Concurrent;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Event;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Security;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Worker.Tests;

/// <summary>A node's actor in an actor system of its own, and what it publishes.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private readonly ClusterHost _host;
    private readonly Channel<MessageIgnored> _ignored = Channel.CreateUnbounded<MessageIgnored>();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly Task<NodeEnd> _ended;

    private TestNode(ClusterHost host, NodeSetup setup, Task<NodeEnd> ended)
    {
        _host = host;
        _ended = ended;
        ChannelWriter<MessageIgnored> ignored = _ignored.Writer;
        ConcurrentQueue<string> errors = _errors;
        IActorRef listener = host.System.ActorOf(Props.Create(() => new Listener(ignored, errors)));
        host.System.EventStream.Subscribe(listener, typeof(MessageIgnored));
        host.System.EventStream.Subscribe(listener, typeof(Error));
        Actor = host.System.ActorOf(NodeActor.Props(setup), "node");
    }

    public IActorRef Actor { get; }

    public Address Address => ((ExtendedActorSystem)_host.System).Provider.DefaultAddress;

    public Task<NodeEnd> Ended => _ended.WaitAsync(Timeout);

    public static async Task<TestNode> StartAsync(NodeSetup setup, Task<NodeEnd> ended)
    {
        var node = new ClusterNode { Role = ClusterNode.WorkerRole, Host = "127.0.0.1", Security = LinkSecurity.None };
        return new(await ClusterHost.StartAsync(node, (_, _) => { }), setup, ended);
    }

    /// <summary>Waits until the node is in a phase.</summary>
    public async Task InPhaseAsync(string phase)
    {
        using var timeout = new CancellationTokenSource(Timeout);
        MessageIgnored answer;
        do
        {
            Actor.Tell(new WhichPhase());
            do
            {
                answer = await _ignored.Reader.ReadAsync(timeout.Token);
            }
            while (answer.Message is not WhichPhase);
            await Task.Delay(5, timeout.Token);
        }
        while (answer.Phase.Name != phase);
    }

    /// <summary>Waits until the node has ignored a message of a type.</summary>
    public async Task<IgnoreCause> IgnoredAsync(Type message)
    {
        using var timeout = new CancellationTokenSource(Timeout);
        while (true)
        {
            MessageIgnored ignored = await _ignored.Reader.ReadAsync(timeout.Token);
            if (ignored.Message.GetType() == message)
            {
                return ignored.Cause;
            }
        }
    }

    /// <summary>No exception has reached a supervisor, so that the actor is the one that was started.</summary>
    public void AssertNothingFailed() => Assert.Empty(_errors);

    public async ValueTask DisposeAsync() => await _host.DisposeAsync();

    private sealed record WhichPhase;

    private sealed class Listener : ReceiveActor
    {
        public Listener(ChannelWriter<MessageIgnored> ignored, ConcurrentQueue<string> errors)
        {
            Receive<MessageIgnored>(message => ignored.TryWrite(message));
            Receive<Error>(error => errors.Enqueue($"{error}"));
        }
    }
}
