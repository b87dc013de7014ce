using Merlon.Contracts.Api;

namespace Merlon.Cli.Commands.Doctor;

/// <summary>Makes <see cref="DoctorCheck"/>s.</summary>
internal static class Checked
{
    public static DoctorCheck Ok(string name, string found) => new(name, "ok", found, null);

    public static DoctorCheck Warning(string name, string found, string mend) => new(name, "warning", found, mend);

    public static DoctorCheck Broken(string name, string found, string mend) => new(name, "broken", found, mend);

    /// <param name="broken">What was found when it is not well; <paramref name="found"/> by default.</param>
    public static DoctorCheck That(string name, bool well, string found, string mend, string? broken = null) =>
        well ? Ok(name, found) : Broken(name, broken ?? found, mend);
}
