using Akka.Actor.Setup;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;
using NnCluster.Control;
using NnCluster.Security;

namespace NnCluster.AkkaSupport;

/// <summary>
/// <see cref="LinkSecurity"/> on the control plane. With certificates, Akka.Remote speaks TLS in both directions and its
/// addresses begin with <c>akka.ssl.tcp</c>. A cookie is checked at registration, by <see cref="CookieProof"/>.
/// </summary>
internal static class AkkaTls
{
    /// <summary>Protocol of the control plane's addresses.</summary>
    public static string ProtocolOf(LinkSecurity security) => security.Tls is null ? "akka.tcp" : "akka.ssl.tcp";

    /// <summary>Configuration and setup that an actor system must be started with.</summary>
    /// <returns><see cref="AkkaConfig.Tls"/> and the setup with the certificate; an empty string and null without certificates.</returns>
    public static (string Config, Setup? Setup) Setup(LinkSecurity security)
    {
        if (security.Tls is not { } tls)
        {
            return ("", null);
        }

        // Replaces Akka.Remote's own check, which trusts the system's authorities.
        CertificateValidationCallback validate = (certificate, _, peer, errors, log) =>
        {
            string? reason = tls.WhyRefused(certificate, errors, forServer: null);
            if (reason is not null)
            {
                log.Warning("Refused {0} on the control plane: {1}", peer, reason);
            }

            return reason is null;
        };
        return (AkkaConfig.Tls, new DotNettySslSetup(
            tls.Certificate, suppressValidation: false, requireMutualAuthentication: true, validateCertificateHostname: true, validate));
    }
}
