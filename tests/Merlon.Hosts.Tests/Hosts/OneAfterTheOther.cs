// Two cores: what these tests time and count must not meet the VMs of another class.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
