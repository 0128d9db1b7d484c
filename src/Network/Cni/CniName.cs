namespace Sleigh.Network.Cni;

/// <summary>Names of networks and container ids: <c>^[a-zA-Z0-9][a-zA-Z0-9_.\-]*$</c> (CNI specification 1.0.0).</summary>
internal static class CniName
{
    public static bool IsValid(string name) =>
        name.Length > 0 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');
}
