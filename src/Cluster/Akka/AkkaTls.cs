using Akka.Actor.Setup;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.AkkaSupport;

/// <summary>
/// The control plane's side of <see cref="LinkSecurity"/>. With certificates, Akka.Remote speaks TLS in both
/// directions, and its addresses begin with <c>akka.ssl.tcp</c>; a cookie is checked at registration, by
/// <see cref="CookieProof"/>.
/// </summary>
public static class AkkaTls
{
    private static readonly string TlsConfig =
        $$"""
        akka.remote.dot-netty.tcp {
          transport-class = "{{TlsTransport.ClassName}}"
          enable-ssl = true
          ssl {
            suppress-validation = false
            require-mutual-authentication = true
            validate-certificate-hostname = true
          }
        }
        """;

    /// <summary>The protocol of the control plane's addresses.</summary>
    public static string ProtocolOf(LinkSecurity security) => security.Tls is null ? "akka.tcp" : "akka.ssl.tcp";

    /// <summary>What an actor system must be started with.</summary>
    /// <returns>HOCON to put in front, empty without certificates; and the setup that carries the certificate, null without.</returns>
    public static (string Config, Setup? Setup) Setup(LinkSecurity security)
    {
        if (security.Tls is not { } tls)
        {
            return ("", null);
        }

        // In place of Akka.Remote's own check, which trusts the system's authorities.
        CertificateValidationCallback validate = (certificate, _, peer, errors, log) =>
        {
            string? reason = tls.WhyRefused(certificate, errors, forServer: null);
            if (reason is not null)
            {
                log.Warning("Refused {0} on the control plane: {1}", peer, reason);
            }

            return reason is null;
        };
        return (TlsConfig, new DotNettySslSetup(
            tls.Certificate, suppressValidation: false, requireMutualAuthentication: true, validateCertificateHostname: true, validate));
    }
}
