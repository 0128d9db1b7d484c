using System.Diagnostics.CodeAnalysis;
using Sleigh.Api.Errors;

namespace Sleigh.Api.Routing;

/// <summary>Finds the endpoint of a path and method. A literal segment beats one in braces.</summary>
internal sealed class RouteTable
{
    private const int MaxSegments = 8;

    private readonly List<Path> _paths = [];

    public RouteTable(IEnumerable<Endpoint> endpoints)
    {
        foreach (IGrouping<string, Endpoint> path in endpoints.GroupBy(e => string.Join('/', e.Segments)))
        {
            _paths.Add(new Path(path.First().Segments, [.. path]));
        }

        // Literal first: '/sessions/token' stands before '/sessions/{sessionId}'.
        _paths.Sort((a, b) => a.Segments.Count(IsVariable).CompareTo(b.Segments.Count(IsVariable)));
    }

    /// <summary>The methods of a path, as in an <c>Allow</c> header; false when the path is not known to this kind of caller.</summary>
    public bool TryFindPath(string path, bool fromSocket, [NotNullWhen(true)] out Path? found, out string[] values)
    {
        values = [];
        found = null;
        if (path.Length < 2 || path[0] != '/')
        {
            return false;
        }

        string[] segments = path[1..].Split('/', MaxSegments + 1);
        foreach (Path candidate in _paths)
        {
            if (candidate.Matches(segments) && (fromSocket || candidate.Endpoints.Any(e => e.Access != AccessClass.Socket)))
            {
                found = candidate;
                values = segments;
                return true;
            }
        }

        return false;
    }

    private static bool IsVariable(string segment) => segment[0] == '{';

    /// <summary>A path pattern and its endpoints.</summary>
    internal sealed record Path(string[] Segments, Endpoint[] Endpoints)
    {
        /// <summary>With a leading slash.</summary>
        public string Pattern { get; } = Endpoints[0].Path;

        /// <summary>For <c>Allow</c>.</summary>
        public string[] Methods { get; } =
            [.. Endpoints.SelectMany(e => e.Method == "GET" ? ["GET", "HEAD"] : new[] { e.Method })];

        public bool Matches(string[] segments)
        {
            if (segments.Length != Segments.Length)
            {
                return false;
            }

            for (int i = 0; i < segments.Length; i++)
            {
                if (IsVariable(Segments[i]) ? segments[i].Length == 0 : segments[i] != Segments[i])
                {
                    return false;
                }
            }

            return true;
        }

        /// <summary>The endpoint of a method.</summary>
        /// <exception cref="ApiException">405.</exception>
        public Endpoint For(string method)
        {
            foreach (Endpoint endpoint in Endpoints)
            {
                if (endpoint.Method == method || (endpoint.Method == "GET" && method == "HEAD"))
                {
                    return endpoint;
                }
            }

            throw ApiErrors.MethodNotAllowed(Methods).Exception();
        }
    }
}
