using NnCluster.AkkaSupport;

namespace NnCluster.Cluster.Tests.AkkaSupport;

/// <summary>Entries that Akka 1.5.74 writes when nodes come and go, as seen in runs, and others that nobody expects.</summary>
public sealed class ExpectedLogTests
{
    [Theory]
    [InlineData("Association with remote system akka.tcp://nncluster@127.0.0.1:39247 has failed; address is now gated for 1000 ms. Reason is: [Akka.Remote.EndpointDisassociatedException: Disassociated\n   at …]")]
    [InlineData("Disassociated")]
    [InlineData("No response from remote for outbound association. Associate timed out after [15000 ms].")]
    [InlineData("Tried to associate with unreachable remote address [akka.tcp://nncluster@127.0.0.1:39247]. Address is now gated for 1000 ms, all messages to this address will be delivered to dead letters.")]
    [InlineData("Couldn't join seed nodes after [2] attempts, will try again. seed-nodes=[akka.tcp://nncluster@localhost:17800]")]
    [InlineData("Cluster Node [akka.tcp://nncluster@127.0.0.1:36873] - Marking node(s) as UNREACHABLE [Member(address = akka.tcp://nncluster@127.0.0.1:39247, Uid=893012839 status = Up)]. Node roles [coordinator]")]
    [InlineData("SBR took decision Akka.Cluster.SBR.DownUnreachable and is downing [akka.tcp://nncluster@127.0.0.1:39247], [1] unreachable of [4] members")]
    [InlineData("Dropping message [Akka.Actor.ActorSelectionMessage] for non-local recipient [akka.tcp://nncluster@localhost:17800/] arriving at [akka.tcp://nncluster@localhost:17800] inbound addresses [akka.tcp://nncluster@127.0.0.1:17800]")]
    [InlineData("Coordinated shutdown phase [cluster-shutdown] timed out after 00:00:00.5000000")]
    [InlineData("Unable to REMOVE channel [127.0.0.1:41030->127.0.0.1:17800](Id=6b1b349d) from connection group. May not shut down cleanly.")]
    public void What_the_program_says_itself_is_left_out(string text) => Assert.True(ExpectedLog.Holds(text));

    [Theory]
    [InlineData("Refused ssl.tcp://nncluster@10.77.0.3:33383 on the control plane: certificate \"CN=b\" does not name this host")]
    [InlineData("No response from remote. Handshake timed out after [5000] ms or transport failure detector triggered. Internal error.")]
    [InlineData("Transient association error (association remains live)")]
    [InlineData("Cluster Node [akka.tcp://n@a:1] - Scheduled sending of heartbeat was delayed. Previous heartbeat was sent [5000] ms ago")]
    [InlineData("Coordinated shutdown phase [before-service-unbind] failed")]
    [InlineData("Failed to bind to 127.0.0.1:4500")]
    [InlineData("TLS handshake failed on channel [10.77.0.2:34290->10.77.0.1:4500](Id=5e30f59a)")]
    [InlineData("SBR took decision Akka.Cluster.SBR.DownAll and is downing [akka.tcp://nncluster@127.0.0.1:1]")]
    [InlineData("")]
    public void Everything_else_is_written(string text) => Assert.False(ExpectedLog.Holds(text));
}
