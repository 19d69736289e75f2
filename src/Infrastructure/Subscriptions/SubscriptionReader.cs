using System.Data.Common;

namespace TeleFhir.Infrastructure.Subscriptions;

/// <summary>Rows of subscriptions as objects.</summary>
internal static class SubscriptionReader
{
    /// <summary>In the order of <see cref="SubscriptionTables.Subscription"/>.</summary>
    public static SubscriptionRow Read(DbDataReader reader) => new()
    {
        Id = reader.GetString(0),
        Status = reader.GetInt16(1),
        Channel = reader.GetInt16(2),
        Asked = reader.GetInt32(3),
        Since = reader.GetInt32(4),
        Heartbeat = reader.GetInt32(5),
        Ends = reader.GetInt64(6),
        Owned = reader.GetInt64(7),
        Owner = reader.GetString(8),
        Plan = reader.GetString(9),
    };
}
