using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using NnCluster.Security;

namespace NnCluster.Control;

/// <summary>
/// Proof of the shared cookie at registration, since Akka.Remote has no shared secret: node and coordinator each send
/// HMAC-SHA256 over both nonces, never the cookie. Both nonces are new each time, so a recorded proof is worthless. The
/// proof keeps strangers from joining; it hides nothing, and it does not stop an attacker who can change what is
/// sent: that takes TLS.
/// </summary>
internal static class CookieProof
{
    /// <summary>Bytes of a nonce.</summary>
    public const int NonceBytes = 32;

    /// <summary>A new nonce.</summary>
    public static byte[] NewNonce() => RandomNumberGenerator.GetBytes(NonceBytes);

    /// <summary>The coordinator's proof; empty without a cookie.</summary>
    public static byte[] OfCoordinator(LinkSecurity security, byte[] nodeNonce, byte[] coordinatorNonce) =>
        Prove(security, "coordinator", nodeNonce, coordinatorNonce, "");

    /// <summary>The node's proof, which also covers its name; empty without a cookie.</summary>
    public static byte[] OfNode(LinkSecurity security, byte[] nodeNonce, byte[] coordinatorNonce, string name) =>
        Prove(security, "worker", nodeNonce, coordinatorNonce, name);

    /// <summary>Compares the other side's proof with the expected one.</summary>
    /// <returns>Null, or the refusal, in words for both sides.</returns>
    public static Refusal? Check(byte[] expected, byte[] shown) => (expected.Length, shown.Length) switch
    {
        (0, 0) => null,
        (0, _) => new(RefusalCause.Cookie, "this side has no cookie and the other has one: give both the same"),
        (_, 0) => new(RefusalCause.Cookie, "the cluster has a cookie and the other side gave none"),
        _ => CryptographicOperations.FixedTimeEquals(expected, shown)
            ? null
            : new(RefusalCause.Cookie, "the cookies differ: both sides need the same"),
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
