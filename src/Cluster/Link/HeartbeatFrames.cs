namespace NnCluster.Link;

/// <summary>Sent by a link that has had nothing else to send for <see cref="LinkOptions.HeartbeatInterval"/>.</summary>
internal sealed record PingFrame : LinkFrame;

/// <summary>Answers a <see cref="PingFrame"/>.</summary>
internal sealed record PongFrame : LinkFrame;
