using System.IO.MemoryMappedFiles;

namespace NnCluster.Data;

/// <summary>
/// A file mapped into memory to be read: its pages are read when they are used, and the system drops them when memory is short. The
/// mapping is freed with the last object that refers to it.
/// </summary>
/// <remarks>The file must not be shortened while it is mapped: the process would be killed (SIGBUS).</remarks>
internal sealed unsafe class MappedFile
{
    private readonly FileStream _file;
    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _address;

    /// <summary>Maps a file.</summary>
    /// <exception cref="IOException">It cannot be opened or mapped.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public MappedFile(string path)
    {
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        Length = _file.Length;
        if (Length == 0)
        {
            return;
        }

        _map = MemoryMappedFile.CreateFromFile(_file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _address);
    }

    /// <summary>Number of bytes.</summary>
    public long Length { get; }

    /// <summary>Address of a byte; valid while this object is reachable.</summary>
    public byte* this[long offset] => _address + offset;

    /// <summary>Rows in the file.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of features of a row.</param>
    /// <param name="areBytes">Whether a feature is one byte; else a little-endian float32.</param>
    public IRowSource Rows(long offset, int rows, int columns, bool areBytes) => new MappedRows(this, offset, rows, columns, areBytes);

    /// <summary>Reads bytes with a system call in place of the mapping, so that pages read once do not count as memory of this process.</summary>
    /// <exception cref="EndOfStreamException">The file was shortened.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int read = RandomAccess.Read(_file.SafeFileHandle, destination, offset);
            if (read == 0)
            {
                throw new EndOfStreamException($"{_file.Name} was shortened while it was used.");
            }

            destination = destination[read..];
            offset += read;
        }
    }

    ~MappedFile()
    {
        // The pointer holds a reference to the view's handle. The handles of file, map and view have finalizers of their own.
        if (_address != null)
        {
            _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }
}
