using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Glovebox.Server.Data;

/// <summary>The file in which a server keeps keys, sessions and audit: SQLite, for its user alone. Several processes may have it open, so
/// that <c>glovebox keys</c> works while the server runs.</summary>
internal sealed class ServerDatabase : IDisposable
{
    public const string FileName = "glovebox.db";

    /// <summary>Each step brings a database from the version of its index to the next. Steps that were released never change.</summary>
    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE keys (
            id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, hash BLOB NOT NULL, limits TEXT NOT NULL,
            created INTEGER NOT NULL, used INTEGER) STRICT;
        CREATE TABLE sign_ins (
            hash BLOB PRIMARY KEY, key TEXT NOT NULL REFERENCES keys (id) ON DELETE CASCADE, ends INTEGER NOT NULL) STRICT;
        CREATE TABLE sessions (
            id TEXT PRIMARY KEY, key TEXT NOT NULL, template TEXT NOT NULL, metadata TEXT NOT NULL,
            began INTEGER NOT NULL, ended INTEGER, reason TEXT) STRICT;
        CREATE INDEX sessions_by_key ON sessions (key, began);
        CREATE TABLE audit (
            number INTEGER PRIMARY KEY, time INTEGER NOT NULL, key TEXT, session TEXT, kind TEXT NOT NULL, text TEXT NOT NULL) STRICT;
        CREATE INDEX audit_by_time ON audit (time);
        CREATE INDEX audit_by_session ON audit (session, number);
        """,
    ];

    private readonly string _connectionString;

    private ServerDatabase(string path) => _connectionString = new SqliteConnectionStringBuilder
    {
        DataSource = path,
        ForeignKeys = true,
        DefaultTimeout = 30,
    }.ToString();

    /// <summary>Opens the database of a folder; makes both when they are not there.</summary>
    /// <exception cref="CodeExecutionException">It cannot be opened (<c>data-directory</c>), or is of a newer version.</exception>
    public static ServerDatabase Open(string directory)
    {
        string path = Path.Combine(directory, FileName);
        try
        {
            CreatePrivately(directory, path);
            ServerDatabase database = new(path);
            database.Migrate();
            return database;
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new CodeExecutionException(
                "data-directory", $"The data in {directory} cannot be used: {e.Message}", "Name another folder with --data.", e);
        }
    }

    /// <summary>Gives an open connection to one caller.</summary>
    public T Use<T>(Func<DbConnection, T> use)
    {
        using SqliteConnection connection = new(_connectionString);
        connection.Open();
        return use(connection);
    }

    /// <summary>Does all of it or nothing.</summary>
    public T Change<T>(Func<DbConnection, T> change) => Use(connection =>
    {
        using DbTransaction transaction = ((SqliteConnection)connection).BeginTransaction(deferred: false);
        T result = change(connection);
        transaction.Commit();
        return result;
    });

    /// <summary>Closes the connections that wait to be used again.</summary>
    public void Dispose()
    {
        using SqliteConnection connection = new(_connectionString);
        SqliteConnection.ClearPool(connection);
    }

    private static void CreatePrivately(string directory, string path)
    {
        const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
            return;
        }

        Directory.CreateDirectory(directory, Own | UnixFileMode.UserExecute);

        // The files that SQLite makes beside it get its permissions.
        using FileStream file = new(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            UnixCreateMode = Own,
        });
        if ((File.GetUnixFileMode(file.SafeFileHandle) & ~Own) != 0)
        {
            File.SetUnixFileMode(file.SafeFileHandle, Own);
        }
    }

    private void Migrate() => Use(connection =>
    {
        connection.Execute("PRAGMA journal_mode = WAL");
        if (Version(connection) > Migrations.Length)
        {
            throw new CodeExecutionException(
                "data-directory", "The data is of a newer version of Glovebox.", "Use that version, or name another folder with --data.");
        }

        for (int version = (int)Version(connection); version < Migrations.Length; version++)
        {
            Change(change => Version(change) == version
                ? change.Execute($"{Migrations[version]}; PRAGMA user_version = {version + 1}")
                : 0);
        }

        return 0;
    });

    private static long Version(DbConnection connection) => (long)connection.Scalar("PRAGMA user_version")!;
}
