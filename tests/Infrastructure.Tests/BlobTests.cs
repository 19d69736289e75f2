using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using TeleFhir.Domain.Binaries;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Visits;
using TeleFhir.Infrastructure.Binaries;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Tests;

public sealed class BlobTests
{
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(3));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_no_version_has_is_swept_when_it_is_old_and_all_else_stays(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        await store.PutAsync(Json("first"));
        await store.PutAsync(Json("second"));
        await store.CommitAsync(new DeleteChange(new ResourceKey("Binary", "b")));
        var blobs = store.Services.GetRequiredService<IBlobStore>();
        await blobs.WriteAsync(IBlobStore.NewName(), new MemoryStream([1]), Cancellation);
        Assert.Equal(3, await CountAsync(blobs));

        Assert.Equal(1, await store.Services.GetRequiredService<BlobSweep>().SweepAsync(Cancellation));

        Assert.Equal(2, await CountAsync(blobs));
        Assert.Equal("first", await TextAsync(store, "Binary/b/_history/1"));
        Assert.Equal("second", await TextAsync(store, "Binary/b/_history/2"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_may_be_of_a_commit_under_way_is_left_alone(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        var blobs = store.Services.GetRequiredService<IBlobStore>();
        await blobs.WriteAsync(IBlobStore.NewName(), new MemoryStream([1]), Cancellation);

        Assert.Equal(0, await store.Services.GetRequiredService<BlobSweep>().SweepAsync(Cancellation));
        Assert.Equal(1, await CountAsync(blobs));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Of_many_writers_every_version_keeps_its_own_content(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);

        await Task.WhenAll(Enumerable.Range(0, 30).Select(number => Task.Run(() => store.PutAsync(Json($"text {number}")), Cancellation)));

        var texts = new List<string>();
        for (var version = 1; version <= 30; version++)
        {
            texts.Add(await TextAsync(store, $"Binary/b/_history/{version}"));
        }

        Assert.Equal(30, texts.Distinct().Count());
        Assert.Equal(30, await CountAsync(store.Services.GetRequiredService<IBlobStore>()));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Of_many_who_start_or_stop_a_recording_one_does(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await using var second = store.Second();
        var now = Moment.Whole(TimeProvider.System.GetUtcNow());
        IRecordings Of(int number) => (number % 2 == 0 ? store : second).Services.GetRequiredService<IRecordings>();

        var started = await Task.WhenAll(Enumerable.Range(0, 40).Select(number => Task.Run(
            () => Of(number).StartAsync(new Recording($"r{number}", "enc", "Practitioner/lee", now, ["Consent/c"]), Cancellation), Cancellation)));
        Assert.Single(started, isOne => isOne);
        Assert.Single(await Of(1).RunningAsync(Cancellation));

        var stopped = await Task.WhenAll(Enumerable.Range(0, 40).Select(number => Task.Run(() => Of(number).StopAsync("enc", now, Cancellation), Cancellation)));
        var recording = Assert.Single(stopped.OfType<Recording>());
        Assert.Equal(recording.Id, (await Of(0).FindUnfiledAsync("enc", Cancellation))!.Id);

        var filed = await Task.WhenAll(Enumerable.Range(0, 40).Select(number => Task.Run(() => Of(number).FileAsync(recording.Id, Cancellation), Cancellation)));
        Assert.Single(filed, isOne => isOne);
        Assert.Null(await Of(1).FindUnfiledAsync("enc", Cancellation));
        Assert.True(await Of(1).StartAsync(recording with { Id = "again", Stopped = null }, Cancellation));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_an_earlier_version_stored_keeps_its_data_in_the_row(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await store.PutAsync(Json("first"));
        await using (var db = store.Services.GetRequiredService<Func<TeleFhirDb>>()())
        {
            (await db.Resources.SingleAsync(row => row.Id == "b", Cancellation)).Raw =
                """{"resourceType":"Binary","id":"b","meta":{"versionId":"1","lastUpdated":"2026-01-01T00:00:00.000Z"},"contentType":"text/plain","data":"b2xk"}"""u8.ToArray();
            await db.SaveChangesAsync(Cancellation);
        }

        PatchChange To(string members) => new(
            new ResourceKey("Binary", "b"), _ => TestStore.Content($$"""{"resourceType":"Binary","id":"b","contentType":"text/plain",{{members}} }"""));
        await store.CommitAsync(To(""" "securityContext":{"reference":"Patient/p"},"data":"b2xk" """));

        var patched = Encoding.UTF8.GetString((await store.ReadAsync("Binary/b"))!.Json.Span);
        Assert.Contains("\"data\":\"b2xk\"", patched, StringComparison.Ordinal);
        Assert.Contains("Patient/p", patched, StringComparison.Ordinal);
        await Assert.ThrowsAsync<FhirException>(() => store.CommitAsync(To(""" "data":"bmV3" """)));
    }

    private static string Json(string text) =>
        $$"""{"resourceType":"Binary","id":"b","contentType":"text/plain","data":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}}"}""";

    private static async Task<string> TextAsync(TestStore store, string reference)
    {
        var content = BinaryContent.Of((await store.ReadAsync(reference))!.Json)!;
        await using var stream = await store.Services.GetRequiredService<IBinaryContents>().OpenAsync(content, 0, content.Size, Cancellation);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(Cancellation);
    }

    private static async Task<int> CountAsync(IBlobStore blobs)
    {
        var count = 0;
        await foreach (var _ in blobs.ListAsync(Cancellation))
        {
            count++;
        }

        return count;
    }
}
