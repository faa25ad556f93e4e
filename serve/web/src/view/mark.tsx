export function Mark() {
  return (
    <span class="mark">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <circle cx="16" cy="16" r="12" class="outer" />
        <circle cx="16" cy="16" r="7" class="inner" />
        <circle cx="16" cy="16" r="2.6" class="core" />
      </svg>
      Coax
    </span>
  );
}
