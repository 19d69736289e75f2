using System.Data.Common;

namespace TeleFhir.Infrastructure.Subscriptions;

/// <summary>Rows of subscriptions as objects.</summary>
internal static class SubscriptionReader
{
    /// <summary>In the order of <see cref="SubscriptionTables.Subscription"/>, from a column on.</summary>
    public static SubscriptionRow Read(DbDataReader reader, int first = 0) => new()
    {
        Id = reader.GetString(first),
        Status = reader.GetInt16(first + 1),
        Channel = reader.GetInt16(first + 2),
        Asked = reader.GetInt32(first + 3),
        Since = reader.GetInt32(first + 4),
        Heartbeat = reader.GetInt32(first + 5),
        Ends = reader.GetInt64(first + 6),
        Owned = reader.GetInt64(first + 7),
        Owner = reader.GetString(first + 8),
        Plan = reader.GetString(first + 9),
        Subscriber = reader.GetInt64(first + 10),
    };
}
