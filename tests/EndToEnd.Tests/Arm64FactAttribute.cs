using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NnCluster.EndToEnd.Tests;

/// <summary>A test of the Arm64 build under emulation; skipped where the emulator and Arm64's libraries cannot be had, saying why.</summary>
public sealed class Arm64FactAttribute : FactAttribute
{
    private static readonly Lazy<(string? Root, string? Reason)> Found = new(Fetch);

    /// <summary>Skips the test where it cannot run.</summary>
    public Arm64FactAttribute() => Skip = Found.Value.Reason;

    /// <summary>Command that runs an Arm64 program: the emulator with the libraries.</summary>
    internal static string[] Emulator => [Path.Combine(Found.Value.Root!, "qemu-aarch64"), "-L", Path.Combine(Found.Value.Root!, "root"), "-cpu", "cortex-a72"];

    /// <summary>
    /// Unpacks QEMU's user-mode emulator and the libraries of an Arm64 Debian into a temporary directory, from the package sources of this
    /// machine but with lists of their own: nothing of the machine is changed.
    /// </summary>
    private static (string? Root, string? Reason) Fetch()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return (null, "emulates Arm64 on x64 Linux only");
        }

        if (!File.Exists("/etc/debian_version") || !File.ReadAllText("/etc/os-release").Contains("VERSION_CODENAME=bookworm", StringComparison.Ordinal))
        {
            return (null, "needs the packages of Debian 12");
        }

        string root = Directory.CreateTempSubdirectory("nncluster-arm64-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(root, recursive: true);
        using var script = Process.Start(new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", Script, "fetch", root])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = script.StandardError.ReadToEndAsync();
        script.StandardOutput.ReadToEnd();
        script.WaitForExit();
        return script.ExitCode == 0 ? (root, null) : (null, $"needs an emulator and libraries of Arm64: {errors.Result.Trim().Split('\n')[^1]}");
    }

    private const string Script = """
        cd "$1"
        source=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
        mkdir -p apt/lists/partial apt/cache/archives/partial apt/parts debs root
        : > apt/status
        for suite in bookworm bookworm-backports; do
          echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg arch=amd64,arm64] ${source%/} $suite main"
        done > apt/sources.list
        cat > apt/apt.conf <<END
        Dir::State "$1/apt"; Dir::State::lists "$1/apt/lists"; Dir::State::status "$1/apt/status"; Dir::Cache "$1/apt/cache";
        Dir::Etc::sourcelist "$1/apt/sources.list"; Dir::Etc::sourceparts "$1/apt/parts";
        APT::Architecture "amd64"; APT::Architectures { "amd64"; "arm64"; }; APT::Sandbox::User "root"; Acquire::Languages "none"; Acquire::Retries "0";
        END
        export APT_CONFIG=$1/apt/apt.conf
        timeout 60 apt-get -qq update
        cd debs
        timeout 120 apt-get -qq download qemu-user/bookworm-backports libc6:arm64 libgcc-s1:arm64 libstdc++6:arm64 libssl3:arm64
        for package in *_arm64.deb; do dpkg -x "$package" ../root; done
        dpkg --fsys-tarfile qemu-user_*.deb | tar -xO ./usr/bin/qemu-aarch64 > ../qemu-aarch64
        chmod +x ../qemu-aarch64
        cd .. && rm -r debs apt
        ./qemu-aarch64 --version
        """;
}
