using Merlon.Policy.Model;

namespace Merlon.Policy.Inventory;

/// <summary>Does a selector of a group select a vNIC?</summary>
public static class SelectorMatch
{
    /// <param name="tenant">Of the group: it selects its own tenant's VMs, <c>platform</c> every tenant's.</param>
    public static bool Selects(this Selector selector, string tenant, VmNic nic)
    {
        var vm = nic.Vm;
        return (tenant == Document.Platform || vm.Tenant == tenant)
            && selector.Labels.All(l => vm.Labels.TryGetValue(l.Key, out var value) && value == l.Value)
            && selector.Match.All(m => Holds(m, vm))
            && (selector.Name is null || Glob(selector.Name, vm.Name))
            && (selector.Network is null || selector.Network == nic.Nic.Network);
    }

    private static bool Holds(LabelMatch match, InventoryVm vm)
    {
        var has = vm.Labels.TryGetValue(match.Key, out var value);
        if (match.In is { } any) return has && any.Contains(value!);
        if (match.NotIn is { } none) return !has || !none.Contains(value!);
        return has == match.Exists;
    }

    /// <summary><c>*</c> = any text, <c>?</c> = one character. Linear: the last star is the only place to go back to.</summary>
    private static bool Glob(string pattern, string text)
    {
        int p = 0, t = 0, star = -1, mark = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*') (star, mark, p) = (p, t, p + 1);
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == text[t])) (p, t) = (p + 1, t + 1);
            else if (star >= 0) (p, mark, t) = (star + 1, mark + 1, mark + 1);
            else return false;
        }
        while (p < pattern.Length && pattern[p] == '*') p++;
        return p == pattern.Length;
    }
}
