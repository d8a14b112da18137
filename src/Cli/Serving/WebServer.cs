using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace NnCluster.Cli.Serving;

/// <summary>Configuration shared by the HTTP servers of the program.</summary>
internal static class WebServer
{
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A server without logs, files of settings and handlers of signals, which the commands have.</summary>
    /// <param name="configure">Sets addresses and limits.</param>
    public static WebApplicationBuilder CreateBuilder(Action<KestrelServerOptions> configure)
    {
        // Other builders read and watch appsettings.json.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            configure(options);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        return builder;
    }

    /// <summary>Starts a server.</summary>
    /// <param name="application">The server.</param>
    /// <param name="option">The option with its value that names the address, for the message.</param>
    /// <exception cref="BadInputException">The address cannot be listened on.</exception>
    public static async Task StartAsync(WebApplication application, string option)
    {
        try
        {
            await application.StartAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException)
        {
            throw new BadInputException($"{option}: cannot be listened on: {(e.InnerException ?? e).Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>The port that a started server listens on.</summary>
    public static int PortOf(WebApplication application) =>
        new Uri(application.Urls.First()).Port;

    /// <summary>Status of a request that no endpoint answers: 405 with the methods that a path has, else 404.</summary>
    /// <param name="context">The request.</param>
    /// <param name="methods">The methods of a path; null: there is none.</param>
    public static int NotServed(HttpContext context, Func<string?, string?> methods)
    {
        if (methods(context.Request.Path.Value) is not { } allowed)
        {
            return StatusCodes.Status404NotFound;
        }

        context.Response.Headers.Allow = allowed;
        return StatusCodes.Status405MethodNotAllowed;
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
