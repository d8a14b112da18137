using System.Formats.Tar;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace NnCluster.EndToEnd.Tests.Containers;

/// <summary>A container engine that speaks Docker's API on a Unix socket: what Docker Compose does not tell in all its versions.</summary>
internal sealed class ContainerEngine : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { BaseAddress = new("http://engine") };

    /// <summary>The socket that DOCKER_HOST names, or Docker's own.</summary>
    public static string Socket { get; } =
        Environment.GetEnvironmentVariable("DOCKER_HOST") is { } host && host.StartsWith("unix://", StringComparison.Ordinal) ? host["unix://".Length..] : "/var/run/docker.sock";

    public void Dispose() => _client.Dispose();

    /// <summary>Whether the engine has an image.</summary>
    /// <exception cref="HttpRequestException">The engine does not answer.</exception>
    public bool HasImage(string image) => Send(HttpMethod.Get, $"/images/{image}/json", content: null).StatusCode == HttpStatusCode.OK;

    /// <summary>Identifiers of the containers of a service, running or not.</summary>
    public string[] ContainersOf(string project, string service)
    {
        string filters = JsonSerializer.Serialize(new { label = new[] { $"com.docker.compose.project={project}", $"com.docker.compose.service={service}" } });
        return [.. Json($"/containers/json?all=true&filters={Uri.EscapeDataString(filters)}").EnumerateArray().Select(container => container.GetProperty("Id").GetString()!)];
    }

    /// <summary>The exit code of a container; null while it runs, or before it runs.</summary>
    public int? ExitCodeOf(string container)
    {
        JsonElement state = Json($"/containers/{container}/json").GetProperty("State");
        return state.GetProperty("Status").GetString() is "exited" or "stopped" ? state.GetProperty("ExitCode").GetInt32() : null;
    }

    /// <summary>The directory of this machine in which a volume lies.</summary>
    public string PathOfVolume(string volume) => Json($"/volumes/{volume}").GetProperty("Mountpoint").GetString()!;

    /// <summary>The labels of a project's volumes and networks say whose they are; these are the volumes that are left.</summary>
    public string[] VolumesOf(string project) =>
        [.. Json("/volumes").GetProperty("Volumes").EnumerateArray().Select(volume => volume.GetProperty("Name").GetString()!).Where(name => name.StartsWith(project + "_", StringComparison.Ordinal))];

    /// <summary>Copies a directory of this machine into a container, readable for all.</summary>
    public void CopyIn(string container, string source, string target)
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            foreach (string file in Directory.GetFiles(source))
            {
                using FileStream content = File.OpenRead(file);
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"{Path.GetFileName(source)}/{Path.GetFileName(file)}")
                {
                    DataStream = content,
                    Mode = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
                });
            }
        }

        tar.Position = 0;
        Send(HttpMethod.Put, $"/containers/{container}/archive?path={Uri.EscapeDataString(target)}", new StreamContent(tar)).EnsureSuccessStatusCode();
    }

    /// <summary>Copies a directory out of a container, running or not, to below <paramref name="target"/>.</summary>
    public void CopyOut(string container, string source, string target)
    {
        HttpResponseMessage answer = Send(HttpMethod.Get, $"/containers/{container}/archive?path={Uri.EscapeDataString(source)}", content: null);
        answer.EnsureSuccessStatusCode();
        Directory.CreateDirectory(target);
        TarFile.ExtractToDirectory(answer.Content.ReadAsStream(), target, overwriteFiles: false);
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private HttpResponseMessage Send(HttpMethod method, string path, HttpContent? content) => _client.Send(new(method, path) { Content = content });

    private JsonElement Json(string path)
    {
        HttpResponseMessage answer = Send(HttpMethod.Get, path, content: null);
        string text = new StreamReader(answer.Content.ReadAsStream()).ReadToEnd();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }
}
