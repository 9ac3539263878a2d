using System.Data.Common;

namespace Glovebox.Server.Data;

/// <summary>Commands of one line. Values are always parameters, <c>@0</c>, <c>@1</c> and so on.</summary>
internal static class DatabaseExtensions
{
    extension(DbConnection connection)
    {
        /// <summary>Runs a command, and gives the number of rows that it changed.</summary>
        public int Execute(string sql, params ReadOnlySpan<object?> values)
        {
            using DbCommand command = connection.Command(sql, values);
            return command.ExecuteNonQuery();
        }

        /// <summary>Gives the first value of the first row; null when there is none.</summary>
        public object? Scalar(string sql, params ReadOnlySpan<object?> values)
        {
            using DbCommand command = connection.Command(sql, values);
            return command.ExecuteScalar() is { } value and not DBNull ? value : null;
        }

        /// <summary>Reads all rows.</summary>
        public List<T> Query<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<object?> values)
        {
            using DbCommand command = connection.Command(sql, values);
            using DbDataReader reader = command.ExecuteReader();
            List<T> rows = [];
            while (reader.Read())
            {
                rows.Add(read(reader));
            }

            return rows;
        }

        private DbCommand Command(string sql, ReadOnlySpan<object?> values)
        {
            DbCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // The text is the caller's own; what comes from outside is in the parameters.
            command.CommandText = sql;
#pragma warning restore CA2100
            for (int i = 0; i < values.Length; i++)
            {
                DbParameter parameter = command.CreateParameter();
                parameter.ParameterName = $"@{i}";
                parameter.Value = values[i] ?? DBNull.Value;
                command.Parameters.Add(parameter);
            }

            return command;
        }
    }

    extension(DbDataReader reader)
    {
        public string? TextOrNull(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

        public DateTimeOffset Time(int column) => DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(column));

        public DateTimeOffset? TimeOrNull(int column) => reader.IsDBNull(column) ? null : reader.Time(column);
    }
}
