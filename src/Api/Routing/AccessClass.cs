namespace Sleigh.Api.Routing;

/// <summary>Who may call an endpoint: section 1.1 of the contract.</summary>
internal enum AccessClass
{
    /// <summary>Anyone who can connect.</summary>
    Open,

    /// <summary>Loopback, or the api key where one is configured: handing out tokens, and what shows or changes the host.</summary>
    Trusted,

    /// <summary>A session token, or the administrator's socket.</summary>
    Session,

    /// <summary>A session token or the administrator's socket, or without a token the api key.</summary>
    SessionOrKey,

    /// <summary>The administrator's socket; elsewhere the path does not exist.</summary>
    Socket,
}
