using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Glovebox.Middleware;

/// <summary>Traces and measures a step that ends or fails: the start of an executor, the wait for a session.</summary>
internal static class StartTelemetry
{
    /// <param name="activities">Where the activity is from.</param>
    /// <param name="name">What the activity is called.</param>
    /// <param name="duration">Gets the step's duration in seconds.</param>
    /// <param name="timeProvider">Measures it.</param>
    /// <param name="tag">Says what the step is about, asked when it has ended.</param>
    /// <param name="step">The step.</param>
    public static async Task<T> FollowAsync<T>(
        ActivitySource activities,
        string name,
        Histogram<double> duration,
        TimeProvider timeProvider,
        Func<KeyValuePair<string, object?>> tag,
        Func<Task<T>> step)
    {
        long began = timeProvider.GetTimestamp();
        using Activity? activity = activities.StartActivity(name);
        string? errorType = null;
        try
        {
            return await step().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            errorType = (e as CodeExecutionException)?.Code ?? e.GetType().FullName;

            // Ours say what is wrong in words of our own; another's message might hold a secret.
            activity?.SetTag("error.type", errorType).SetStatus(ActivityStatusCode.Error, (e as CodeExecutionException)?.Message);
            throw;
        }
        finally
        {
            KeyValuePair<string, object?> about = tag();
            activity?.SetTag(about.Key, about.Value);
            TagList tags = new() { about };
            if (errorType is not null)
            {
                tags.Add("error.type", errorType);
            }

            duration.Record(timeProvider.GetElapsedTime(began).TotalSeconds, tags);
        }
    }
}
