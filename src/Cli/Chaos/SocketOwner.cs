using System.Globalization;
using System.Net;

namespace NnCluster.Cli.Chaos;

/// <summary>Finds the process at the other end of a connection, in any network namespace of this machine.</summary>
internal static class SocketOwner
{
    private const int LocalAddress = 1;
    private const int Inode = 9;

    /// <summary>
    /// The process that has a connection from an IPv4 address and port; null if none of <paramref name="processes"/>
    /// has.
    /// </summary>
    public static int? Find(IPEndPoint local, IEnumerable<int> processes)
    {
        foreach (int process in processes)
        {
            if (Owns(process, local))
            {
                return process;
            }
        }

        return null;
    }

    // proc_pid_net(5): address as a native 32-bit number and port, in hexadecimal.
    private static bool Owns(int process, IPEndPoint local)
    {
        uint address = BitConverter.ToUInt32(local.Address.MapToIPv4().GetAddressBytes());
        string wanted = string.Create(CultureInfo.InvariantCulture, $"{address:X8}:{local.Port:X4}");
        try
        {
            foreach (string file in new[] { "tcp", "tcp6" })
            {
                foreach (string line in File.ReadLines($"/proc/{process}/net/{file}"))
                {
                    string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                    if (fields.Length > Inode
                        && fields[LocalAddress].EndsWith(wanted, StringComparison.Ordinal)
                        && Holds(process, $"socket:[{fields[Inode]}]"))
                    {
                        return true;
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process has just ended.
        }

        return false;
    }

    private static bool Holds(int process, string socket) =>
        Directory.EnumerateFiles($"/proc/{process}/fd").Any(descriptor => new FileInfo(descriptor).LinkTarget == socket);
}
