// The buttons: labelled and icon-only. An icon alone always has a name.
import type { LucideIcon } from "lucide-react";
import type { ComponentProps } from "react";

type Props = ComponentProps<"button"> & {
  icon?: LucideIcon;
  look?: "plain" | "primary" | "quiet" | "danger";
  size?: "normal" | "small";
  danger?: boolean;
};

export function Button({
  icon: Icon,
  look = "plain",
  size = "normal",
  danger = false,
  children,
  ...rest
}: Props) {
  return (
    <button
      type="button"
      className="button"
      data-look={look}
      data-size={size}
      data-danger={danger || undefined}
      {...rest}
    >
      {Icon && <Icon size={16} strokeWidth={1.75} aria-hidden />}
      {children}
    </button>
  );
}

type IconProps = Omit<ComponentProps<"button">, "aria-label" | "title"> & { icon: LucideIcon; label: string };

export function IconButton({ icon: Icon, label, className = "", ...rest }: IconProps) {
  return (
    <button type="button" className={`icon-button ${className}`} aria-label={label} title={label} {...rest}>
      <Icon size={16} strokeWidth={1.75} aria-hidden />
    </button>
  );
}
