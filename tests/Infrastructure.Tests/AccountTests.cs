using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Smart;

namespace TeleFhir.Infrastructure.Tests;

public sealed class AccountTests
{
    private const string Password = "a long enough one";
    private static readonly DateTimeOffset _start = new(2026, 11, 2, 8, 0, 0, TimeSpan.Zero);
    private static readonly IPAddress _address = IPAddress.Parse("192.0.2.7");
    private static readonly SignInSettings _settings = new() { PasswordRounds = 10, AddressLimit = 12 };

    private readonly FakeTimeProvider _clock = new(_start);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task An_account_signs_in_by_its_name_in_any_case(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        var accounts = Accounts(store);
        var added = await accounts.AddAsync(new NewAccount("Grace.Lee", "Dr. Grace Lee", UserRole.Clinician, "Practitioner/lee"), Password, Cancel);

        Assert.Equal(added, (await accounts.CheckPasswordAsync(" grace.LEE", Password, _address, Cancel)).Account);
        Assert.Equal(added, await accounts.FindAsync(added.Id, Cancel));
        Assert.Equal(added, await accounts.FindByNameAsync("GRACE.LEE", Cancel));
        Assert.True(added.NeedsSecondFactor);
        Assert.Null((await accounts.CheckPasswordAsync("grace.lee", Password + ".", _address, Cancel)).Account);
        Assert.Null((await accounts.CheckPasswordAsync("nobody", Password, _address, Cancel)).Account);
        await Assert.ThrowsAsync<AccountException>(() => accounts.AddAsync(new NewAccount("GRACE.lee", "Other", UserRole.Clinician, null), Password, Cancel));
    }

    [Theory]
    [InlineData("", "Name", UserRole.Clinician, null, Password)]
    [InlineData("a b", "Name", UserRole.Clinician, null, Password)]
    [InlineData("name", " ", UserRole.Clinician, null, Password)]
    [InlineData("name", "Name", UserRole.Patient, null, Password)]
    [InlineData("name", "Name", UserRole.Patient, "Practitioner/lee", Password)]
    [InlineData("name", "Name", UserRole.Clinician, "Patient/amy", Password)]
    [InlineData("name", "Name", UserRole.Clinician, "Device/cuff", Password)]
    [InlineData("name", "Name", UserRole.Clinician, null, "short")]
    [InlineData("namenamename", "Name", UserRole.Clinician, null, "namenamename1")]
    public async Task An_account_that_makes_no_sense_is_refused(string name, string display, UserRole role, string? fhirUser, string password)
    {
        await using var store = await TestStore.CreateAsync(DatabaseProvider.Sqlite);
        await Assert.ThrowsAsync<AccountException>(() => Accounts(store).AddAsync(new NewAccount(name, display, role, fhirUser), password, Cancel));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Guessing_locks_the_account_for_longer_and_longer(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        var accounts = Accounts(store);
        await accounts.AddAsync(new NewAccount("lee", "Lee", UserRole.Clinician, null), Password, Cancel);
        for (var at = 0; at < _settings.LockAfter; at++)
        {
            Assert.Null((await accounts.CheckPasswordAsync("lee", "wrong", null, Cancel)).Account);
        }

        Assert.Null((await accounts.CheckPasswordAsync("lee", Password, null, Cancel)).Account);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null((await accounts.CheckPasswordAsync("lee", "wrong", null, Cancel)).Account);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null((await accounts.CheckPasswordAsync("lee", Password, null, Cancel)).Account);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.NotNull((await accounts.CheckPasswordAsync("lee", Password, null, Cancel)).Account);
        Assert.Null((await accounts.CheckPasswordAsync("lee", "wrong", null, Cancel)).Account);
        Assert.NotNull((await accounts.CheckPasswordAsync("lee", Password, null, Cancel)).Account);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Guessing_in_parallel_gains_nothing(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        var limits = store.Services.GetRequiredService<SignInLimits>();
        await Accounts(store).AddAsync(new NewAccount("lee", "Lee", UserRole.Clinician, null), Password, Cancel);

        var tries = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => limits.TryAccountAsync("LEE", Cancel))));

        Assert.Equal(_settings.LockAfter, tries.Count(mayTry => mayTry));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task An_address_that_fails_too_often_is_turned_away_for_a_while(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        var accounts = Accounts(store);
        await accounts.AddAsync(new NewAccount("lee", "Lee", UserRole.Clinician, null), Password, Cancel);
        for (var at = 0; at < _settings.AddressLimit; at++)
        {
            Assert.False((await accounts.CheckPasswordAsync($"name{at}", "wrong", _address, Cancel)).IsTurnedAway);
        }

        Assert.True((await accounts.CheckPasswordAsync("lee", Password, _address, Cancel)).IsTurnedAway);
        Assert.False((await accounts.CheckPasswordAsync("lee", Password, IPAddress.Parse("192.0.2.8"), Cancel)).IsTurnedAway);
        _clock.Advance(_settings.AddressWindow);
        Assert.NotNull((await accounts.CheckPasswordAsync("lee", Password, _address, Cancel)).Account);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Success_does_not_clear_the_failures_of_an_address(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        var accounts = Accounts(store);
        await accounts.AddAsync(new NewAccount("lee", "Lee", UserRole.Clinician, null), Password, Cancel);
        var network = IPAddress.Parse("2001:db8:1:2::1");
        for (var at = 0; at < _settings.AddressLimit; at++)
        {
            Assert.NotNull((await accounts.CheckPasswordAsync("lee", Password, network, Cancel)).Account);
            await accounts.CheckPasswordAsync($"name{at}", "wrong", IPAddress.Parse($"2001:db8:1:2::{at + 2}"), Cancel);
        }

        Assert.True((await accounts.CheckPasswordAsync("lee", Password, network, Cancel)).IsTurnedAway);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_change_of_password_or_of_rights_signs_out_everywhere(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        var accounts = Accounts(store);
        var sessions = store.Services.GetRequiredService<ISessions>();
        var revocations = store.Services.GetRequiredService<IRevocations>();
        var lee = await accounts.AddAsync(new NewAccount("lee", "Lee", UserRole.Administrator, null), Password, Cancel);
        var first = await sessions.StartAsync(lee.Id, Cancel);

        Assert.True(await accounts.ChangeAsync(lee with { DisplayName = "Grace Lee" }, Cancel));
        Assert.True(await sessions.IsAliveAsync(first, Cancel));
        Assert.False(revocations.Contains(null, null, lee.Id, null, _start));

        Assert.True(await accounts.ChangeAsync(lee with { Role = UserRole.Clinician }, Cancel));
        Assert.False(await sessions.IsAliveAsync(first, Cancel));
        Assert.True(revocations.Contains(null, null, lee.Id, null, _start));

        var second = await sessions.StartAsync(lee.Id, Cancel);
        Assert.True(await accounts.SetPasswordAsync(lee.Id, "another long one", Cancel));
        Assert.False(await sessions.IsAliveAsync(second, Cancel));
        Assert.Null((await accounts.CheckPasswordAsync("lee", Password, null, Cancel)).Account);
        Assert.NotNull((await accounts.CheckPasswordAsync("lee", "another long one", null, Cancel)).Account);

        Assert.True(await accounts.ChangeAsync(lee with { IsDisabled = true }, Cancel));
        Assert.Null((await accounts.CheckPasswordAsync("lee", "another long one", null, Cancel)).Account);
        Assert.False(await accounts.SetPasswordAsync("nobody", Password, Cancel));
        Assert.False(await accounts.ChangeAsync(lee with { Id = "nobody" }, Cancel));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_session_has_an_idle_limit_for_pages_and_an_absolute_one(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        var lee = await Accounts(store).AddAsync(new NewAccount("lee", "Lee", UserRole.Clinician, null), Password, Cancel);
        var sessions = store.Services.GetRequiredService<ISessions>();
        var idle = await sessions.StartAsync(lee.Id, Cancel);
        var used = await sessions.StartAsync(lee.Id, Cancel);
        for (var at = 0; at < 2; at++)
        {
            _clock.Advance(_settings.IdleLimit * 0.7);
            Assert.Equal(lee, await sessions.UseAsync(used, Cancel));
        }

        Assert.Null(await sessions.UseAsync(idle, Cancel));
        Assert.True(await sessions.IsAliveAsync(idle, Cancel));
        await sessions.EndAsync(idle, Cancel);
        Assert.False(await sessions.IsAliveAsync(idle, Cancel));
        _clock.Advance(_settings.SessionLimit);
        Assert.False(await sessions.IsAliveAsync(used, Cancel));
        Assert.Null(await sessions.UseAsync(used, Cancel));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task The_code_of_a_step_and_a_recovery_code_work_once(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider, clock: _clock);
        var lee = await Accounts(store).AddAsync(new NewAccount("lee", "Lee", UserRole.Clinician, null), Password, Cancel);
        var factors = store.Services.GetRequiredService<ISecondFactors>();
        await factors.SetUpAsync(lee.Id, "sealed", 100, ["ABCD-EFGH", "IJKL-MNOP"], Cancel);

        Assert.Equal("sealed", await factors.SecretOfAsync(lee.Id, Cancel));
        Assert.False(await factors.UseStepAsync(lee.Id, 100, Cancel));
        var uses = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => factors.UseStepAsync(lee.Id, 101, Cancel))));
        Assert.Single(uses, used => used);
        Assert.False(await factors.UseStepAsync(lee.Id, 99, Cancel));
        Assert.True(await factors.UseRecoveryCodeAsync(lee.Id, "abcdefgh", Cancel));
        Assert.False(await factors.UseRecoveryCodeAsync(lee.Id, "ABCD-EFGH", Cancel));
        Assert.False(await factors.UseRecoveryCodeAsync("other", "IJKL-MNOP", Cancel));

        for (var at = 0; at < _settings.LockAfter; at++)
        {
            Assert.True(await factors.TryAttemptAsync(lee.Id, Cancel));
        }

        Assert.False(await factors.TryAttemptAsync(lee.Id, Cancel));
        Assert.NotNull((await Accounts(store).CheckPasswordAsync("lee", Password, null, Cancel)).Account);
        Assert.False(await factors.TryAttemptAsync(lee.Id, Cancel));
        await factors.RemoveAsync(lee.Id, Cancel);
        Assert.Null(await factors.SecretOfAsync(lee.Id, Cancel));
        Assert.False(await factors.UseRecoveryCodeAsync(lee.Id, "IJKL-MNOP", Cancel));
    }

    private UserAccounts Accounts(TestStore store) => new(
        store.Services.GetRequiredService<SmartDb>(),
        _settings,
        new SignInLimits(
            store.Services.GetRequiredService<SmartDb>(), new FailureCounts(store.Services.GetRequiredService<SmartDb>(), _clock), _settings, _clock),
        store.Services.GetRequiredService<IRevocations>());
}
