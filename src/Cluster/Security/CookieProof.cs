using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.Security;

/// <summary>
/// Akka.Remote knows no shared secret, so registration checks it: worker and coordinator each prove that they have the
/// cookie by HMAC-SHA256 over both nonces, without sending it. What was heard once is worth nothing, since the nonces
/// are new each time. It keeps strangers from joining; it hides nothing and stops nobody who can change what is sent,
/// which takes TLS.
/// </summary>
public static class CookieProof
{
    /// <summary>Bytes of a nonce.</summary>
    public const int NonceBytes = 32;

    /// <summary>A fresh nonce.</summary>
    public static byte[] NewNonce() => RandomNumberGenerator.GetBytes(NonceBytes);

    /// <summary>The coordinator's proof; empty without a cookie.</summary>
    public static byte[] OfCoordinator(LinkSecurity security, byte[] nodeNonce, byte[] coordinatorNonce) =>
        Prove(security, "coordinator", nodeNonce, coordinatorNonce, "");

    /// <summary>The worker's proof, which also fixes its name; empty without a cookie.</summary>
    public static byte[] OfNode(LinkSecurity security, byte[] nodeNonce, byte[] coordinatorNonce, string name) =>
        Prove(security, "worker", nodeNonce, coordinatorNonce, name);

    /// <summary>Checks the other side's proof against one's own.</summary>
    /// <returns>Null, or the reason in words for both sides.</returns>
    public static string? Check(byte[] expected, byte[] shown) => (expected.Length, shown.Length) switch
    {
        (0, 0) => null,
        (0, _) => "this side has no cookie and the other has one: give both the same",
        (_, 0) => "the cluster has a cookie and the other side gave none",
        _ => CryptographicOperations.FixedTimeEquals(expected, shown) ? null : "the cookies differ: both sides need the same",
    };

    private static byte[] Prove(LinkSecurity security, string role, byte[] nodeNonce, byte[] coordinatorNonce, string name)
    {
        if (security.Cookie is not { } cookie)
        {
            return [];
        }

        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, cookie);
        Span<byte> length = stackalloc byte[4];
        foreach (byte[] part in new[] { Encoding.UTF8.GetBytes(role), nodeNonce, coordinatorNonce, Encoding.UTF8.GetBytes(name) })
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
            hmac.AppendData(length);
            hmac.AppendData(part);
        }

        return hmac.GetHashAndReset();
    }
}
