using System.Buffers.Text;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Glovebox.Server.Data;

namespace Glovebox.Server.Keys;

/// <summary>The keys, and who is signed in by one. Secrets are random and long, so a plain hash of them tells nothing; it alone is
/// stored.</summary>
internal sealed class KeyStore(ServerDatabase database, TimeProvider time)
{
    private const string Prefix = "gbx_";
    private const string Columns = "id, name, limits, created, used";
    private const int MaxNameLength = 64;

    /// <summary>How long a browser stays signed in.</summary>
    public static readonly TimeSpan SignInTime = TimeSpan.FromDays(7);

    /// <summary>Compared with where there is no key of that id, so that both answers take as long.</summary>
    private static readonly byte[] NoHash = new byte[SHA256.HashSizeInBytes];

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Makes a key.</summary>
    /// <returns>The key with its secret, which is stored nowhere.</returns>
    /// <exception cref="ArgumentException">The name is no name.</exception>
    /// <exception cref="CodeExecutionException">There is a key of that name (<c>key-exists</c>).</exception>
    public string Add(string name, KeyLimits limits)
    {
        if (name.Length is 0 or > MaxNameLength || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
        {
            throw new ArgumentException($"A key's name has 1 to {MaxNameLength} letters, digits, dots, hyphens and underscores.");
        }

        string id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
        string secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        bool added = database.Change(d => d.Execute(
            "INSERT INTO keys (id, name, hash, limits, created) VALUES (@0, @1, @2, @3, @4) ON CONFLICT DO NOTHING",
            id, name, Hash(secret), limits.ToJson(), Now)) == 1;
        return added
            ? $"{Prefix}{id}_{secret}"
            : throw new CodeExecutionException("key-exists", $"There is a key '{name}' already.", "Take another name, or remove that key.");
    }

    public IReadOnlyList<ApiKey> List() => database.Use(d => d.Query($"SELECT {Columns} FROM keys ORDER BY name", Read));

    /// <summary>Removes a key; whoever is signed in by it is not any more.</summary>
    /// <returns>False when there is none of that name.</returns>
    public bool Remove(string name) => database.Change(d => d.Execute("DELETE FROM keys WHERE name = @0", name)) == 1;

    /// <summary>Finds the key that a request has, by its text.</summary>
    public ApiKey? Find(string text)
    {
        string[] parts = text.StartsWith(Prefix, StringComparison.Ordinal) ? text[Prefix.Length..].Split('_', 2) : [];
        if (parts.Length != 2)
        {
            return null;
        }

        return database.Use(d =>
        {
            (ApiKey Key, byte[] Hash)[] found =
            [
                .. d.Query($"SELECT {Columns}, hash FROM keys WHERE id = @0", r => (Read(r), r.GetFieldValue<byte[]>(5)), parts[0]),
            ];
            bool isRight = CryptographicOperations.FixedTimeEquals(found.Length == 1 ? found[0].Hash : NoHash, Hash(parts[1]));
            return isRight && found.Length == 1 ? Touched(d, found[0].Key) : null;
        });
    }

    /// <summary>Signs a browser in by a key.</summary>
    /// <returns>What the browser shows from now on in the key's place.</returns>
    public string SignIn(ApiKey key)
    {
        string token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        database.Change(d =>
        {
            d.Execute("DELETE FROM sign_ins WHERE ends <= @0", Now);
            long ends = Now + (long)SignInTime.TotalMilliseconds;
            return d.Execute("INSERT INTO sign_ins (hash, key, ends) VALUES (@0, @1, @2)", Hash(token), key.Id, ends);
        });
        return token;
    }

    /// <summary>Finds the key by which a browser is signed in. The hash is looked up, so its time tells nothing of the token.</summary>
    public ApiKey? FindSignIn(string token) => database.Use(d => d.Query(
        $"SELECT {Columns} FROM keys WHERE id = (SELECT key FROM sign_ins WHERE hash = @0 AND ends > @1)", Read, Hash(token), Now)
        .FirstOrDefault());

    public void SignOut(string token) => database.Change(d => d.Execute("DELETE FROM sign_ins WHERE hash = @0", Hash(token)));

    private static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    private static ApiKey Read(DbDataReader row) =>
        new(row.GetString(0), row.GetString(1), KeyLimits.OfJson(row.GetString(2)), row.Time(3), row.TimeOrNull(4));

    private ApiKey Touched(DbConnection database, ApiKey key)
    {
        // A write for each request would cost more than the request.
        if (key.Used is not { } used || time.GetUtcNow() - used >= TimeSpan.FromMinutes(1))
        {
            database.Execute("UPDATE keys SET used = @0 WHERE id = @1", Now, key.Id);
        }

        return key;
    }
}
