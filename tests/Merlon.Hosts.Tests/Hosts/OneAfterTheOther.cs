// Two cores: what these tests time and count must not meet the VMs of another class.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]
