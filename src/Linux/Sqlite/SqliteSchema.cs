using System.Globalization;

namespace Sleigh.Linux.Sqlite;

/// <summary>Brings the schema of a database to the newest version.</summary>
internal static class SqliteSchema
{
    internal static void Migrate(SqliteDatabase database, SqliteConnection connection, IReadOnlyList<string> migrations)
    {
        long version = Version(connection);
        if (version > migrations.Count)
        {
            throw new SqliteException(
                SqliteErrorKind.NewerSchema,
                0,
                null,
                $"database {connection.Path} has schema version {version}, and this program knows versions up to {migrations.Count}; "
                + "it was written by a newer version of the program");
        }

        for (int step = (int)version; step < migrations.Count; step++)
        {
            string script = migrations[step];
            int next = step + 1;
            database.Write(inside =>
            {
                // Another process may have done this step since the version was read.
                if (inside.Scalar("PRAGMA user_version") == next - 1)
                {
                    inside.Execute(script);
                    inside.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {next}"));
                }
            });
        }
    }

    private static long Version(SqliteConnection connection)
    {
        try
        {
            // Counting the tables reads the schema, so that a damaged one is found here and not by the first request.
            _ = connection.Scalar("SELECT count(*) FROM sqlite_master");
            return connection.Scalar("PRAGMA user_version");
        }
        catch (SqliteException ex) when (ex.Kind is SqliteErrorKind.Corrupt)
        {
            throw new SqliteException(
                ex.Kind, ex.ExtendedCode, null, $"open database {connection.Path}: the file is damaged (SQLite code {ex.ExtendedCode})");
        }
    }
}
