using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>
/// A throw-away PostgreSQL server for tests, started from the binaries on this machine in a temporary folder of its own and on a
/// free loopback port, so that neither an installed server nor what an earlier run left behind is in its way.
/// A small shell process owns the server and holds the reading end of a pipe from this process: however this process ends,
/// also by SIGKILL, the pipe closes and the shell stops the server and removes the folder.
/// </summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    /// <summary>Databases that several tests may share without running out of connections.</summary>
    private const int MaxConnections = 300;

    /// <summary>
    /// $1 folder of the binaries, $2 port, $3 server options. Writes the folder once the server answers, then waits for the end of input.
    /// A Ctrl-C reaches the whole process group; the shell ignores it so that tests which wind down still have their server.
    /// </summary>
    private const string Supervisor = """
        set -eu
        trap '' INT TERM HUP
        dir=$(mktemp -d "${TMPDIR:-/tmp}/telefhir-pg.XXXXXX" 2>/dev/null || mktemp -d /tmp/telefhir-pg.XXXXXX)
        trap '"$1/pg_ctl" stop -s -m immediate -D "$dir/data" >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT
        "$1/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >/dev/null
        "$1/pg_ctl" start -s -w -t 60 -D "$dir/data" -l "$dir/log" -o "-h 127.0.0.1 -p $2 -k $dir $3" || { cat "$dir/log" >&2; exit 1; }
        echo "$dir"
        cat >/dev/null
        """;

    private static readonly Lazy<Task<PostgresCluster>> _shared = new(() => StartAsync());

    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _templates = new(StringComparer.Ordinal);
    private readonly Process _supervisor;
    private int _databases;

    private PostgresCluster(Process supervisor, int port, string socketFolder)
    {
        _supervisor = supervisor;
        Port = port;
        SocketFolder = socketFolder;
    }

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The folder of the Unix socket; a connection string may name it as <c>Host</c>.</summary>
    public string SocketFolder { get; }

    /// <summary>
    /// The one server that the tests of this process share; not durable. To be called in a test or its <c>InitializeAsync</c>:
    /// where the machine has no PostgreSQL this skips the test, or fails it under <c>CI=true</c>.
    /// </summary>
    public static Task<PostgresCluster> SharedAsync()
    {
        Require();
        return _shared.Value;
    }

    /// <summary>
    /// A server of the test's own. Durable is for tests that kill a process and look at what survived; without it nothing is
    /// flushed to the disk, which tests that do not crash anything cannot notice except by being faster.
    /// </summary>
    /// <param name="durable">Whether commits survive.</param>
    /// <param name="settings">More server options, as <c>-c name=value</c>.</param>
    public static async Task<PostgresCluster> StartAsync(bool durable = false, string settings = "")
    {
        var binaries = Require();
        var options = string.Create(CultureInfo.InvariantCulture, $"-c max_connections={MaxConnections}")
            + (durable ? "" : " -c fsync=off -c synchronous_commit=off -c full_page_writes=off")
            + (settings.Length == 0 ? "" : $" {settings}");
        for (var attempt = 1; ; attempt++)
        {
            // Between choosing a free port and the server taking it another process may; then another port is chosen.
            var port = FreePort();
            var supervisor = Launch(binaries, port, options);
            var errors = supervisor.StandardError.ReadToEndAsync();
            if (await supervisor.StandardOutput.ReadLineAsync() is { } folder)
            {
                return new PostgresCluster(supervisor, port, folder);
            }

            await supervisor.WaitForExitAsync();
            supervisor.Dispose();
            if (attempt == 3)
            {
                throw new InvalidOperationException($"PostgreSQL from {binaries} did not start: {await errors}");
            }
        }
    }

    /// <summary>A new database of its own, empty or copied from a template of <see cref="TemplateAsync"/>; dropped when disposed.</summary>
    public async Task<PostgresDatabase> CreateDatabaseAsync(string? template = null)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref _databases)}");
        await ExecuteAsync($"CREATE DATABASE {name} TEMPLATE {template ?? "template0"}");
        return new PostgresDatabase(this, name);
    }

    /// <summary>
    /// Prepares a database once, for example by running all migrations, and gives the name under which
    /// <see cref="CreateDatabaseAsync"/> copies it: copying files is many times faster than migrating for each test.
    /// </summary>
    public Task<string> TemplateAsync(string purpose, Func<string, Task> prepare) =>
        _templates.GetOrAdd(purpose, _ => new Lazy<Task<string>>(() => PrepareAsync(prepare))).Value;

    /// <summary>The connection string of a database of this server.</summary>
    public string ConnectionStringFor(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = IPAddress.Loopback.ToString(),
        Port = Port,
        Username = "postgres",
        Database = database,
        IncludeErrorDetail = true,
    }.ConnectionString;

    /// <summary>Stops the server and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        _supervisor.StandardInput.Close();
        await _supervisor.WaitForExitAsync();
        _supervisor.Dispose();
    }

    internal async Task DropAsync(string database) => await ExecuteAsync($"DROP DATABASE IF EXISTS {database} WITH (FORCE)");

    private async Task<string> PrepareAsync(Func<string, Task> prepare)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"template_{Interlocked.Increment(ref _databases)}");
        await ExecuteAsync($"CREATE DATABASE {name} TEMPLATE template0");
        await prepare(ConnectionStringFor(name));

        // A database with an open connection cannot be copied; connections that lie in a pool are open.
        await ExecuteAsync($"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false");
        await ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        return name;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionStringFor("postgres"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static string Require()
    {
        if (FindBinaries() is { } binaries)
        {
            return binaries;
        }

        const string reason = "PostgreSQL is not on this machine: no initdb and pg_ctl on the PATH or in /usr/lib/postgresql/*/bin.";
        if (IsContinuousIntegration())
        {
            Assert.Fail(reason);
        }

        Assert.Skip(reason);
        return "";
    }

    private static string? FindBinaries()
    {
        const string debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(debian) ? Directory.GetDirectories(debian) : [];
        return Variable("PATH").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(versions.OrderByDescending(VersionOf).Select(version => Path.Combine(version, "bin")))
            .Select(folder => new FileInfo(Path.Combine(folder, "initdb")))
            .Where(initdb => initdb.Exists)
            .Select(initdb => initdb.ResolveLinkTarget(returnFinalTarget: true) ?? initdb)
            .Select(initdb => Path.GetDirectoryName(initdb.FullName)!)
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "pg_ctl")));
    }

    private static int VersionOf(string folder) =>
        int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;

    private static Process Launch(string binaries, int port, string options)
    {
        string[] shell = ["sh", "-c", Supervisor, "telefhir-pg", binaries, port.ToString(CultureInfo.InvariantCulture), options];
        string[] command = Environment.IsPrivilegedProcess ? [.. AsOrdinaryUser(), .. shell] : shell;
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // The other user may not be allowed into the folder the tests run in.
            WorkingDirectory = "/",
        };
        return Process.Start(start)!;
    }

    /// <summary>PostgreSQL refuses to run as root; every Debian has one of these two users.</summary>
    private static string[] AsOrdinaryUser()
    {
        var users = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(parts => parts.Length > 3).ToList();
        var user = users.Find(parts => parts[0] == "postgres") ?? users.Find(parts => parts[0] == "nobody")
            ?? throw new InvalidOperationException("Running as root, and there is neither a user postgres nor nobody to run PostgreSQL as.");
        return ["setpriv", $"--reuid={user[2]}", $"--regid={user[3]}", "--clear-groups", "--"];
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static bool IsContinuousIntegration() => string.Equals(Variable("CI"), "true", StringComparison.OrdinalIgnoreCase);

#pragma warning disable RS0030 // Neither is a setting of TeleFhir: the PATH of the machine and the CI mark of the build server.
    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) ?? "";
#pragma warning restore RS0030
}

/// <summary>One database of a cluster, for one test or test class.</summary>
public sealed class PostgresDatabase(PostgresCluster cluster, string name) : IAsyncDisposable
{
    /// <summary>For Npgsql, or the server's <c>ConnectionStrings:TeleFhir</c>.</summary>
    public string ConnectionString { get; } = cluster.ConnectionStringFor(name);

    /// <summary>Drops the database and closes its pooled connections, which count against the server's limit.</summary>
    public async ValueTask DisposeAsync()
    {
        await using (var connection = new NpgsqlConnection(ConnectionString))
        {
            NpgsqlConnection.ClearPool(connection);
        }

        await cluster.DropAsync(name);
    }
}
